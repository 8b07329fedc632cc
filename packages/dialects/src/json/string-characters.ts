/**
 * The length of a string in a JSON text, without parsing it; 0 when it is not there. An escape sequence counts as one.
 * @param opening a pattern that ends with the quote that begins the string
 */
export function stringCharacters(json: string, opening: RegExp): number {
  const found = opening.exec(json);
  if (found === null) return 0;
  let characters = 0;
  for (let at = found.index + found[0].length; at < json.length; characters += 1) {
    const unit = json.charCodeAt(at);
    if (unit === QUOTE) break;
    if (unit !== BACKSLASH) at += 1;
    else at += json.charCodeAt(at + 1) === SMALL_U ? 6 : 2;
  }
  return characters;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SMALL_U = 0x75;
