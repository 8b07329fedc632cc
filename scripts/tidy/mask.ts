// Where a slash after one of these starts a regular expression and not a division.
const BEFORE_REGEX =
  /(?:^|[([{,;:=!&|?+\-*%<>~^]|\b(?:return|typeof|case|of|in|do|else|void|throw|new|await|yield))\s*$/;

/**
 * Blanks comments, the contents of strings and templates, and regular expressions. Lengths and lines stay, quotes stay,
 * and the code inside `${}` stays. It knows just enough of the language for that.
 */
export function maskStrings(text: string): string {
  let masked = '';
  let at = 0;
  // Open braces of each template expression that surrounds the current place, innermost last.
  const depths: number[] = [];

  function blankTo(end: number): void {
    masked += text.slice(at, end).replace(/[^\n]/g, ' ');
    at = end;
  }
  function keep(length: number): void {
    masked += text.slice(at, at + length);
    at += length;
  }
  function blankQuoted(quote: string): void {
    keep(1);
    blankTo(endOfQuoted(text, at, quote));
    keep(1);
  }
  function blankTemplate(): void {
    const end = endOfTemplatePiece(text, at);
    blankTo(end);
    if (text.startsWith('${', end)) depths.push(0);
    keep(text.startsWith('${', end) ? 2 : 1);
  }

  while (at < text.length) {
    const char = text.charAt(at);
    const depth = depths.at(-1);
    if (text.startsWith('//', at)) blankTo(indexOrEnd(text, '\n', at));
    else if (text.startsWith('/*', at)) blankTo(Math.min(indexOrEnd(text, '*/', at) + 2, text.length));
    else if (char === "'" || char === '"') blankQuoted(char);
    else if (char === '`') {
      keep(1);
      blankTemplate();
    } else if (char === '/' && BEFORE_REGEX.test(masked.slice(-40))) blankTo(endOfRegex(text, at));
    else if (char === '}' && depth === 0) {
      depths.pop();
      keep(1);
      blankTemplate();
    } else {
      if (depth !== undefined && char === '{') depths[depths.length - 1] = depth + 1;
      if (depth !== undefined && char === '}') depths[depths.length - 1] = depth - 1;
      keep(1);
    }
  }
  return masked;
}

function indexOrEnd(text: string, part: string, from: number): number {
  const index = text.indexOf(part, from);
  return index < 0 ? text.length : index;
}

function endOfQuoted(text: string, from: number, quote: string): number {
  let at = from;
  while (at < text.length && text.charAt(at) !== quote && text.charAt(at) !== '\n') {
    at += text.charAt(at) === '\\' ? 2 : 1;
  }
  return Math.min(at, text.length);
}

function endOfTemplatePiece(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charAt(at) !== '`' && !text.startsWith('${', at)) {
    at += text.charAt(at) === '\\' ? 2 : 1;
  }
  return Math.min(at, text.length);
}

function endOfRegex(text: string, from: number): number {
  let at = from + 1;
  let isInClass = false;
  while (at < text.length && text.charAt(at) !== '\n') {
    const char = text.charAt(at);
    if (char === '/' && !isInClass) return at + 1;
    if (char === '[') isInClass = true;
    if (char === ']') isInClass = false;
    at += char === '\\' ? 2 : 1;
  }
  return Math.min(at, text.length);
}
