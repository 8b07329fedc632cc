const LISTS_MAX = 2_000;
const DEPTH_MAX = 64;
const LITERAL = /"(?:[^"\\]|\\.)*"/gs;

/**
 * What of a tool call is matched: its name, every text in its arguments, names of fields among them, and each list of texts joined
 * by blanks, for some tools take a command as `["rm", "-rf", "/"]`. Texts are taken from the JSON as it is written, so that a
 * field that is there twice hides nothing. The arguments as they came when they are no JSON.
 */
export function toolCallTexts(name: string, argumentsText: string): readonly string[] {
  let value: unknown;
  try {
    value = JSON.parse(argumentsText);
  } catch {
    return [name, argumentsText];
  }
  const literals = (argumentsText.match(LITERAL) ?? []).map((literal) => JSON.parse(literal) as string);
  const lists: string[] = [];
  const isWhole = collectLists(value, lists, 0);
  // More than can be taken apart is looked at as one.
  return [name, ...literals, ...(isWhole ? lists : [literals.join(' ')])];
}

/** False when something was left out. */
function collectLists(value: unknown, lists: string[], depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (lists.length >= LISTS_MAX || depth > DEPTH_MAX) return false;
  if (Array.isArray(value)) {
    const words = value.filter((each) => typeof each === 'string');
    if (words.length > 1) lists.push(words.join(' '));
  }
  return Object.values(value).every((each) => collectLists(each, lists, depth + 1));
}
