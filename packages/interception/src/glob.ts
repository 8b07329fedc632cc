// Globs: `*` any characters, `?` one, `[a-z]` one of them, `[!a-z]` one that is not. Matched without going back more than one
// star, which makes it linear in the text times the stretch between two stars, and never exponential.

type Piece = { readonly kind: 'one' } | { readonly kind: 'any' } | Literal | Class;
interface Literal {
  readonly kind: 'literal';
  readonly code: number;
}
interface Class {
  readonly kind: 'class';
  readonly isNegated: boolean;
  readonly ranges: readonly (readonly [from: number, to: number])[];
}

export interface Glob {
  /** The longest text without a wildcard: what does not hold it does not match. May be ''. */
  readonly literal: string;
  /** True when the glob is the text from `start` to `end`, whole. */
  matches(text: string, start: number, end: number): boolean;
}

export function compileGlob(pattern: string): Glob {
  const pieces = piecesOf(pattern);
  return {
    literal: longestLiteral(pieces),
    matches: (text, start, end) => matches(pieces, text, start, end),
  };
}

function matches(pieces: readonly Piece[], text: string, start: number, end: number): boolean {
  let [at, piece] = [start, 0];
  let [starAt, starPiece] = [-1, -1];
  while (at < end) {
    const wanted = pieces[piece];
    if (wanted?.kind === 'any') {
      [starAt, starPiece] = [at, piece];
      piece += 1;
    } else if (wanted !== undefined && isOne(wanted, text.charCodeAt(at))) {
      at += 1;
      piece += 1;
    } else if (starPiece !== -1) {
      // The last star takes one character more; what an earlier one took stays, which loses nothing.
      starAt += 1;
      at = starAt;
      piece = starPiece + 1;
    } else return false;
  }
  while (pieces[piece]?.kind === 'any') piece += 1;
  return piece === pieces.length;
}

function isOne(piece: Piece, code: number): boolean {
  if (piece.kind === 'literal') return piece.code === code;
  if (piece.kind === 'class') {
    return piece.ranges.some(([from, to]) => code >= from && code <= to) !== piece.isNegated;
  }
  return piece.kind === 'one';
}

function piecesOf(pattern: string): Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at];
    if (character === '*') {
      if (pieces.at(-1)?.kind !== 'any') pieces.push({ kind: 'any' });
    } else if (character === '?') pieces.push({ kind: 'one' });
    else if (character === '[') {
      const found = readClass(pattern, at);
      pieces.push(found?.piece ?? literal(character));
      at = found?.end ?? at;
    } else if (character === '\\' && at + 1 < pattern.length) {
      at += 1;
      pieces.push(literal(pattern.charAt(at)));
    } else pieces.push(literal(character ?? ''));
  }
  return pieces;
}

function literal(character: string): Literal {
  return { kind: 'literal', code: character.charCodeAt(0) };
}

/** Undefined for a bracket that nothing closes: it stands for itself. */
function readClass(pattern: string, at: number): { readonly piece: Class; readonly end: number } | undefined {
  const isNegated = pattern[at + 1] === '!' || pattern[at + 1] === '^';
  const first = at + (isNegated ? 2 : 1);
  const end = pattern.indexOf(']', first + 1);
  if (end === -1) return undefined;
  const ranges: [number, number][] = [];
  for (let index = first; index < end; index += 1) {
    const from = pattern.charCodeAt(index);
    const isRange = pattern[index + 1] === '-' && index + 2 < end;
    ranges.push([from, isRange ? pattern.charCodeAt(index + 2) : from]);
    if (isRange) index += 2;
  }
  return { piece: { kind: 'class', isNegated, ranges }, end };
}

function longestLiteral(pieces: readonly Piece[]): string {
  let [longest, current] = ['', ''];
  for (const piece of pieces) {
    current = piece.kind === 'literal' ? current + String.fromCharCode(piece.code) : '';
    if (current.length > longest.length) longest = current;
  }
  return longest;
}
