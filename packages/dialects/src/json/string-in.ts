/**
 * A string in a JSON text, without parsing the rest; '' when it is not there. Of one that is cut, what came.
 * @param opening a pattern that ends with the quote that begins the string
 */
export function stringIn(json: string, opening: RegExp): string {
  const found = opening.exec(json);
  if (found === null) return '';
  const start = found.index + found[0].length;
  let end = json.indexOf('"', start);
  const backslash = json.indexOf('\\', start);
  if (end === -1) end = json.length;
  if (backslash === -1 || backslash > end) return json.slice(start, end);
  end = backslash;
  while (end < json.length && json.charCodeAt(end) !== QUOTE) {
    end += json.charCodeAt(end) === BACKSLASH ? 2 : 1;
  }
  return unescaped(json.slice(start, end));
}

/** What the inside of a JSON string spells; as it stands when it is cut within an escape sequence. */
export function unescaped(inside: string): string {
  try {
    return JSON.parse(`"${inside}"`) as string;
  } catch {
    return inside;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
