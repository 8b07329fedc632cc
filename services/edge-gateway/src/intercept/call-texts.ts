import { toolCallTexts } from '@ai-switch/interception';

/**
 * What of a tool call is matched. Of arguments that are no JSON as they stand (cut in the middle, several put together, or code
 * of a tool that takes it as text) also each text in quotes, and so of one that holds JSON in turn: commands stand in there.
 */
export function callTexts(name: string, argumentsText: string): readonly string[] {
  const texts = toolCallTexts(name, argumentsText);
  const wrapping = texts.filter((text) => text === argumentsText || NESTED.test(text));
  return wrapping.length === 0 ? texts : [...texts, ...wrapping.flatMap(quotedTexts)];
}

const NESTED = /^\s*[[{]/;

/** The last may be open at its end. */
function quotedTexts(text: string): readonly string[] {
  const quoted: string[] = [];
  for (const [, ...groups] of text.matchAll(QUOTED)) {
    const inner = groups.find((group) => group !== undefined) ?? '';
    if (inner !== '') quoted.push(inner.replace(ESCAPE, unescaped));
  }
  // More than can be looked at one by one are looked at as one.
  return quoted.length <= QUOTED_MAX
    ? quoted
    : [...quoted.slice(0, QUOTED_MAX), quoted.slice(QUOTED_MAX).join('\n')];
}

const QUOTED = /"((?:[^"\\]|\\.)*)(?:"|\\?$)|'((?:[^'\\]|\\.)*)(?:'|\\?$)|`((?:[^`\\]|\\.)*)(?:`|\\?$)/gs;
const QUOTED_MAX = 2_000;
const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))/gs;

function unescaped(_: string, four?: string, two?: string, one = ''): string {
  const code = four ?? two;
  if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
  return CONTROLS[one] ?? one;
}

const CONTROLS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };
