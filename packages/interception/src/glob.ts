// Globs: `*` any characters, `?` one, `[a-z]` one of them, `[!a-z]` one that is not. What stands between two stars is looked for
// from the left and taken where it is found first, which leaves the most for what follows: nothing is ever tried again, and the
// work is at most the text times the longest such stretch.

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
  /** True when the glob is the text from `start` to `end`, whole. Yields now and then. */
  matches(text: string, start: number, end: number): Generator<undefined, boolean>;
}

/** Comparisons between two yields. */
const COMPARISONS_A_STEP = 100_000;

export function compileGlob(pattern: string): Glob {
  const pieces = piecesOf(pattern);
  const stretches = stretchesOf(pieces);
  return {
    literal: longestLiteral(pieces),
    matches: (text, start, end) => matches(stretches, text, start, end),
  };
}

/** The pieces between stars. */
function stretchesOf(pieces: readonly Piece[]): Piece[][] {
  const stretches: Piece[][] = [[]];
  for (const piece of pieces) {
    if (piece.kind === 'any') stretches.push([]);
    else stretches.at(-1)?.push(piece);
  }
  return stretches;
}

function* matches(
  stretches: readonly (readonly Piece[])[],
  text: string,
  start: number,
  end: number,
): Generator<undefined, boolean> {
  const [first = [], ...others] = stretches;
  const last = others.pop();
  if (last === undefined) return end - start === first.length && isAt(first, text, start);
  let from = start + first.length;
  const until = end - last.length;
  if (from > until || !isAt(first, text, start) || !isAt(last, text, until)) return false;
  let comparisons = 0;
  for (const stretch of others) {
    const latest = until - stretch.length;
    while (from <= latest && !isAt(stretch, text, from)) {
      from += 1;
      comparisons += stretch.length;
      if (comparisons < COMPARISONS_A_STEP) continue;
      comparisons = 0;
      yield;
    }
    if (from > latest) return false;
    from += stretch.length;
  }
  return true;
}

function isAt(stretch: readonly Piece[], text: string, at: number): boolean {
  for (const [index, piece] of stretch.entries()) {
    if (!isOne(piece, text.charCodeAt(at + index))) return false;
  }
  return true;
}

/** NaN beyond the end, which nothing is. */
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
