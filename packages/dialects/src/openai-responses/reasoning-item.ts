// https://platform.openai.com/docs/guides/reasoning#encrypted-reasoning-items
// A reasoning item has words (a summary, or the thoughts themselves) and, when it was asked for, all of it encrypted. The
// provider takes the encrypted form back only with the id that it came under: the two travel as one signature.

import { isObject, listOf, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import type { ThinkingPart } from '../model/request.ts';
import { isSealed } from '../model/seal.ts';

export function readThought(item: JsonObject): ThinkingPart {
  const signature = signatureOf(item);
  return { kind: 'thinking', text: thoughtText(item), ...(signature !== undefined && { signature }) };
}

/** The thoughts themselves where the provider shows them (open models), else their summary. */
function thoughtText(item: JsonObject): string {
  const content = textsIn(item.content);
  return (content.length > 0 ? content : textsIn(item.summary)).join('\n\n');
}

function textsIn(value: JsonValue | undefined): readonly string[] {
  return listOf(value)
    .filter(isObject)
    .map((part) => stringOf(part.text) ?? '')
    .filter((text) => text !== '');
}

/** An envelope of ours needs no id: what it holds has one. */
export function signatureOf(item: JsonObject): string | undefined {
  const encrypted = stringOf(item.encrypted_content) ?? '';
  if (encrypted === '') return undefined;
  return isSealed(encrypted) ? encrypted : `${stringOf(item.id) ?? ''}:${encrypted}`;
}

/** The item for a provider; undefined for a thought that it did not make, or whose encrypted form was not kept. */
export function writeThought({ text, signature }: ThinkingPart): JsonObject | undefined {
  if (signature === undefined || isSealed(signature)) return undefined;
  const colon = signature.indexOf(':');
  if (colon === -1) return undefined;
  const id = signature.slice(0, colon);
  return {
    type: 'reasoning',
    ...(id !== '' && { id }),
    summary: summaryOf(text),
    encrypted_content: signature.slice(colon + 1),
  };
}

/** The item for a client. Codex drops one that has no `summary`. */
export function reasoningItem(id: string, text: string, encrypted: string | undefined): JsonObject {
  return {
    id,
    type: 'reasoning',
    summary: summaryOf(text),
    ...(encrypted !== undefined && { encrypted_content: encrypted }),
  };
}

function summaryOf(text: string): readonly JsonObject[] {
  return text === '' ? [] : [{ type: 'summary_text', text }];
}
