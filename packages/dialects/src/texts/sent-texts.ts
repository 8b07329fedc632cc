// Every text that a request brings along, found in its body by shape and not by dialect: what passes through untouched is
// more than the hub holds, and nothing of it is to reach a provider unseen.

import { isObject, listOf, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { textOfMedia } from './media-text.ts';

export type SentText =
  | {
      /** `toolResult`: what the client says that a tool answered. */
      readonly surface: 'prompt' | 'toolResult';
      readonly text: string;
    }
  | {
      /** A call that a model is said to have made. */
      readonly surface: 'toolCall';
      readonly name: string;
      /** JSON text, or the text that a tool takes. */
      readonly text: string;
    };

/** In the order they stand. Pictures, sound and what is sealed are no text. */
export function sentTexts(body: JsonObject): readonly SentText[] {
  const texts: SentText[] = [];
  walkObject(body, 'prompt', texts);
  return texts;
}

type Said = 'prompt' | 'toolResult';

function walk(value: JsonValue | undefined, surface: Said, texts: SentText[]): void {
  if (typeof value === 'string') {
    if (value !== '') texts.push({ surface, text: value });
  } else if (Array.isArray(value)) {
    for (const item of value as readonly JsonValue[]) walk(item, surface, texts);
  } else if (isObject(value)) walkObject(value, surface, texts);
}

function walkObject(object: JsonObject, surface: Said, texts: SentText[]): void {
  const call = callOf(object);
  if (call !== undefined) {
    texts.push(call);
    return;
  }
  const within = isResult(object) ? 'toolResult' : surface;
  const media = textOfMedia(object);
  if (media !== undefined && media.text !== '') texts.push({ surface: within, text: media.text });
  for (const name in object) {
    if (NO_TEXT.has(name) || name === media?.field) continue;
    const value = object[name];
    if (CALL_LISTS.has(name)) walkCalls(value, within, texts);
    else walk(value, RESULT_FIELDS.has(name) ? 'toolResult' : within, texts);
  }
}

/** Chat's `tool_calls`, and the fields of Gemini's parts and of old chat messages that hold one call. */
const CALL_LISTS: ReadonlySet<string> = new Set([
  'tool_calls',
  'function_call',
  'functionCall',
  'executableCode',
  'executable_code',
]);

const RESULT_FIELDS: ReadonlySet<string> = new Set([
  'functionResponse',
  'function_response',
  'codeExecutionResult',
  'code_execution_result',
]);

/** What names, numbers and seals, and is never read by a model. */
const NO_TEXT: ReadonlySet<string> = new Set([
  'type',
  'role',
  'model',
  'id',
  'call_id',
  'tool_call_id',
  'tool_use_id',
  'signature',
  'thoughtSignature',
  'thought_signature',
  'encrypted_content',
  'media_type',
  'mimeType',
  'mime_type',
]);

/** A block of Anthropic's or an item of Responses that is a call. */
function callOf(object: JsonObject): SentText | undefined {
  const type = stringOf(object.type) ?? '';
  const isCall = type.endsWith('tool_use') || type.endsWith('_call');
  if (!isCall) return undefined;
  const { type: _, id: __, call_id: ___, status: ____, cache_control: _____, name, ...more } = object;
  const said = more.input ?? more.arguments ?? more;
  return { surface: 'toolCall', name: stringOf(name) ?? type.replace(/_call$/, ''), text: textOf(said) };
}

function walkCalls(value: JsonValue | undefined, surface: Said, texts: SentText[]): void {
  for (const call of Array.isArray(value) ? listOf(value) : [value]) {
    if (!isObject(call)) {
      walk(call, surface, texts);
      continue;
    }
    const called = objectOf(call.function) ?? objectOf(call.custom) ?? call;
    const { name, id: _, ...more } = called;
    const said = more.arguments ?? more.input ?? more.args ?? more;
    texts.push({ surface: 'toolCall', name: stringOf(name) ?? '', text: textOf(said) });
  }
}

function isResult({ type, role }: JsonObject): boolean {
  if (role === 'tool' || role === 'function') return true;
  if (typeof type !== 'string') return false;
  return type === 'tool_result' || type.endsWith('_tool_result') || type.endsWith('_output');
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
