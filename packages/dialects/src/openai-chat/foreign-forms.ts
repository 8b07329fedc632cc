// Cursor sends tools and blocks here in the forms of Responses and Messages. Our reader takes them; a provider refuses them.

import { isObject, listOf, objectOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';

/** True when a body of Chat Completions holds something that is written so only in another dialect. */
export function hasForeignForm(body: JsonObject): boolean {
  return (
    listOf(body.tools).some(isForeignTool) ||
    isForeignChoice(body.tool_choice) ||
    listOf(body.messages).some((message) => listOf(objectOf(message)?.content).some(isForeignPart))
  );
}

/** Flat, where the published form nests what is the tool's own. */
function isForeignTool(value: JsonValue): boolean {
  const tool = objectOf(value);
  if (tool === undefined) return false;
  const { type = 'function' } = tool;
  return (type === 'function' || type === 'custom') && !isObject(tool[type]) && 'name' in tool;
}

/** OpenAI's choices are words, or objects that name something. */
function isForeignChoice(value: JsonValue | undefined): boolean {
  const choice = objectOf(value);
  if (choice === undefined) return value === 'any';
  const { type = '' } = choice;
  return typeof type === 'string' && type !== 'allowed_tools' && !isObject(choice[type]);
}

const FOREIGN_PARTS: ReadonlySet<unknown> = new Set([
  'input_text',
  'output_text',
  'input_image',
  'input_file',
  'image',
  'thinking',
  'redacted_thinking',
  'tool_use',
  'tool_result',
]);

function isForeignPart(part: JsonValue): boolean {
  return FOREIGN_PARTS.has(objectOf(part)?.type);
}
