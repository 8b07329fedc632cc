import { CliError } from '../cli-error.ts';

export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json;
}

/**
 * A JSON text with `addition` in it: objects are merged, everything else is put in place of what was there. What else the
 * text holds stays, in its order and with its indentation.
 *
 * @throws CliError for comments, which would be lost, for what is no JSON, and for a list or a word where an object belongs
 */
export function mergeJson(text: string, addition: JsonObject): string {
  if (text.trim() === '') return `${JSON.stringify(addition, undefined, 2)}\n`;
  const before = parse(text);
  const after = merge(before, addition, '');
  if (JSON.stringify(after) === JSON.stringify(before)) return text;
  const indentation = /^[{[]\s*?\r?\n([ \t]+)/.exec(text.trimStart())?.[1] ?? '  ';
  const printed = `${JSON.stringify(after, undefined, indentation)}${/\n\s*$/.test(text) ? '\n' : ''}`;
  return text.includes('\r\n') ? printed.replaceAll('\n', '\r\n') : printed;
}

function parse(text: string): JsonObject {
  let parsed: Json;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new CliError(
      hasComments(text)
        ? 'it holds comments, which would be lost'
        : 'it is no JSON; a comma or a quote is missing or too many',
    );
  }
  if (!isObject(parsed)) throw new CliError('it holds no JSON object');
  return parsed;
}

function merge(before: JsonObject, addition: JsonObject, path: string): JsonObject {
  const merged: Record<string, Json> = { ...before };
  for (const [name, value] of Object.entries(addition)) {
    const there = merged[name];
    if (!isObject(value)) {
      merged[name] = value;
    } else if (there === undefined || isObject(there)) {
      merged[name] = merge(there ?? {}, value, `${path}${name}.`);
    } else {
      throw new CliError(`its ${path}${name} is no object`);
    }
  }
  return merged;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True when there is a comment outside the strings. */
function hasComments(text: string): boolean {
  return /\/\/|\/\*/.test(text.replace(/"(?:[^"\\\n]|\\.)*"/g, '""'));
}
