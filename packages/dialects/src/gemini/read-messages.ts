// https://ai.google.dev/api/caching#Content

import { InvalidRequest } from '../dialect.ts';
import * as fields from '../json/fields.ts';
import { messageList } from '../json/message-list.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import type { Part, TextPart, Turn } from '../model/request.ts';
import { CallIds } from './call-ids.ts';
import { readParts } from './read-content.ts';
import { oneOrMany } from './wire.ts';

/** The role says nothing here: Gemini CLI writes `user`. */
export function readSystem(value: JsonValue | undefined): readonly TextPart[] {
  if (value === undefined || value === null) return [];
  if (typeof value === 'string') return [{ kind: 'text', text: value }];
  const given = Array.isArray(value) ? value : fields.requiredObject(value, 'systemInstruction').parts;
  const field = 'systemInstruction.parts';
  return fields.optionalList(oneOrMany(given), field).map((item, at) => {
    const text = typeof item === 'string' ? item : fields.requiredObject(item, `${field}.${at}`).text;
    return { kind: 'text', text: fields.optionalString(text, `${field}.${at}.text`) ?? '' };
  });
}

export function readContents(value: JsonValue | undefined): readonly Turn[] {
  const ids = new CallIds();
  const turns = messageList(oneOrMany(value), 'contents').map((item, at): Turn => {
    const field = `contents.${at}`;
    const content: JsonObject =
      typeof item === 'string' ? { parts: [{ text: item }] } : fields.requiredObject(item, field);
    const role = readRole(content.role, `${field}.role`);
    ids.beginTurn();
    const parts = readParts(oneOrMany(content.parts), `${field}.parts`, ids);
    return { role, parts: role === 'user' ? withoutThoughts(parts) : parts };
  });
  return joinAnswers(turns);
}

/** The chats of Google's SDK keep an answer as the chunks that it came in, each a content of its own. */
function joinAnswers(turns: readonly Turn[]): readonly Turn[] {
  const joined: Turn[] = [];
  for (const turn of turns) {
    const last = joined.at(-1);
    if (turn.role === 'assistant' && last?.role === 'assistant') {
      joined.splice(-1, 1, { ...last, parts: joinThoughts([...last.parts, ...turn.parts]) });
    } else joined.push(turn);
  }
  return joined;
}

/** A thought goes on until its signature. */
function joinThoughts(parts: readonly Part[]): readonly Part[] {
  const joined: Part[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (part.kind === 'thinking' && last?.kind === 'thinking' && last.signature === undefined) {
      joined.splice(-1, 1, { ...part, text: last.text + part.text });
    } else joined.push(part);
  }
  return joined;
}

/** Absent is the user; `function` is the older role of results. */
function readRole(value: JsonValue | undefined, field: string): 'user' | 'assistant' {
  const role = fields.optionalString(value, field) ?? '';
  if (role === 'model') return 'assistant';
  if (role === '' || role === 'user' || role === 'function' || role === 'tool') return 'user';
  throw new InvalidRequest(field, `The field "${field}" must be "user" or "model".`);
}

/** Only a model thinks; a signature on what a user says is a client's mistake. */
function withoutThoughts(parts: readonly Part[]): readonly Part[] {
  return parts.filter((part) => part.kind !== 'thinking');
}
