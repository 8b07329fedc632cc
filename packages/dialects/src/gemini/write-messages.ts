// https://ai.google.dev/api/caching#Content: a user speaks first, roles alternate, the results of a model's calls stand
// together in the very next content, and no part is empty but for a signature.

import type { JsonObject } from '../json/value.ts';
import { isBillingHeader } from '../model/billing-header.ts';
import { arrangeToolResults } from '../model/call-legality.ts';
import type { Request, Turn } from '../model/request.ts';
import { isSignatureWanted } from './model-family.ts';
import { SIGNATURE_SENTINEL } from './wire.ts';
import { type ContentWriter, writeParts } from './write-content.ts';

interface Content {
  readonly role: 'user' | 'model';
  readonly parts: JsonObject[];
}

export function writeSystem({ system }: Request, dropped: Set<string>): JsonObject {
  const texts = system.filter((part) => part.text !== '' && !isBillingHeader(part, dropped));
  if (texts.some((part) => part.cacheControl !== undefined)) dropped.add('cache_control');
  const parts = texts.map((part) => ({ text: part.text }));
  return parts.length === 0 ? {} : { systemInstruction: { parts } };
}

export function writeContents(request: Request, model: string, dropped: Set<string>): readonly JsonObject[] {
  const turns = arrangeToolResults(request.turns);
  const names = callNames(turns);
  const contents: Content[] = [];
  turns.forEach((turn, at) => {
    const writer: ContentWriter = { model, dropped, names, field: `messages.${at}` };
    append(contents, turn.role === 'assistant' ? 'model' : 'user', writeTurn(turn, writer));
  });
  if (contents[0]?.role !== 'user') {
    contents.unshift({ role: 'user', parts: [{ text: '[The conversation goes on.]' }] });
  }
  if (isSignatureWanted(model)) signCurrentTurn(contents);
  return contents.map(({ role, parts }) => ({ role, parts }));
}

/** System text in the middle is a part of the user's words: hoisting it to the top would change the cached prefix. */
function writeTurn(turn: Turn, writer: ContentWriter): readonly JsonObject[] {
  const parts = writeParts(turn.parts, writer);
  if (turn.role !== 'system') return parts;
  const text = parts.flatMap((part) => (typeof part.text === 'string' ? [part.text] : [])).join('\n\n');
  return text === '' ? [] : [{ text: `<system-reminder>\n${text}\n</system-reminder>` }];
}

/** Turns of one role in a row are one content. One that says nothing is left out. */
function append(contents: Content[], role: Content['role'], parts: readonly JsonObject[]): void {
  if (parts.length === 0) return;
  const last = contents.at(-1);
  if (last?.role === role) last.parts.push(...parts);
  else contents.push({ role, parts: [...parts] });
}

/** A result has to name its function; the hub knows it by the id of its call. */
function callNames(turns: readonly Turn[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const part of turns.flatMap((turn) => turn.parts)) {
    if (part.kind === 'toolCall') names.set(part.id, part.name);
  }
  return names;
}

/**
 * Each step since the user last spoke must show a signature on its first call. Where the one that made it is gone, or never
 * was, the published sentinel stands in for it.
 */
function signCurrentTurn(contents: readonly Content[]): void {
  for (let at = contents.length - 1; at >= 0; at -= 1) {
    const content = contents[at];
    if (content === undefined) return;
    if (content.role === 'user') {
      if (at < contents.length - 1 && !content.parts.some((part) => 'functionResponse' in part)) return;
      continue;
    }
    const first = content.parts.findIndex((part) => 'functionCall' in part);
    const call = content.parts[first];
    if (call === undefined || call.thoughtSignature !== undefined) continue;
    content.parts[first] = { ...call, thoughtSignature: SIGNATURE_SENTINEL };
  }
}
