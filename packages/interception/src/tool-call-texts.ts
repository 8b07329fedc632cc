const TEXTS_MAX = 2_000;
const DEPTH_MAX = 64;

/**
 * What of a tool call is matched: its name, each text in its arguments, and each list of texts joined by blanks, for some tools take
 * a command as `["rm", "-rf", "/"]`. The arguments as they came when they are no JSON, or more than can be taken apart.
 */
export function toolCallTexts(name: string, argumentsText: string): readonly string[] {
  let value: unknown;
  try {
    value = JSON.parse(argumentsText);
  } catch {
    return [name, argumentsText];
  }
  const texts: string[] = [name];
  const isWhole = collect(value, texts, 0);
  return isWhole ? texts : [...texts, argumentsText];
}

/** False when something was left out. */
function collect(value: unknown, texts: string[], depth: number): boolean {
  if (texts.length >= TEXTS_MAX || depth > DEPTH_MAX) return false;
  if (typeof value === 'string') texts.push(value);
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) {
    const words = value.filter((each) => typeof each === 'string');
    if (words.length > 1) texts.push(words.join(' '));
    return value.every((each) => collect(each, texts, depth + 1));
  }
  return Object.entries(value).every(([key, each]) => {
    // A text may hide in a name as well.
    texts.push(key);
    return collect(each, texts, depth + 1);
  });
}
