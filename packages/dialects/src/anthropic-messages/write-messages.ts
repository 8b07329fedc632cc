// https://docs.claude.com/en/api/messages#body-messages: a user speaks first, roles alternate, the results of an
// assistant's calls stand first in the very next user message, and no text is empty.

import type { JsonObject } from '../json/value.ts';
import { arrangeToolResults } from '../model/call-legality.ts';
import type { Request, Turn } from '../model/request.ts';
import { isPrefillRefused, isSystemTurnTaken } from './model-family.ts';
import { type ContentWriter, writePart } from './write-content.ts';

export interface WrittenMessage extends JsonObject {
  readonly role: Turn['role'];
  readonly content: readonly JsonObject[];
}

interface Message {
  readonly role: Turn['role'];
  readonly content: JsonObject[];
  /** Fields of the message beside these two, like `output_config`. */
  readonly fields: JsonObject;
}

export function writeMessages(
  request: Request,
  model: string,
  dropped: Set<string>,
): readonly WrittenMessage[] {
  const spoken: Message[] = [];
  arrangeToolResults(request.turns).forEach((turn, at) => {
    append(spoken, writeTurn(turn, { model, field: `messages.${at}`, dropped }));
  });
  const messages = placeSystemTurns(spoken, model, dropped);
  if (messages[0]?.role !== 'user') {
    messages.unshift(userText('[The conversation goes on.]'));
  }
  trimPrefill(messages.at(-1));
  if (messages.at(-1)?.role === 'assistant' && isPrefillRefused(model)) {
    messages.push(userText('[Go on from here.]'));
  }
  return messages.map(({ role, content, fields }) => ({ role, content, ...fields }));
}

function userText(text: string): Message {
  return { role: 'user', content: [{ type: 'text', text }], fields: {} };
}

function writeTurn(turn: Turn, writer: ContentWriter): Message {
  const content: JsonObject[] = [];
  const fields: Record<string, JsonObject[string]> = {};
  for (const part of turn.parts) {
    if (part.kind === 'foreign' && part.dialect === 'anthropic-messages' && !('type' in part.value)) {
      Object.assign(fields, part.value);
    } else content.push(...writePart(part, writer));
  }
  return { role: turn.role, content, fields };
}

/** Turns of one role in a row are one message. One that says nothing is left out, unless it sets something. */
function append(messages: Message[], message: Message): void {
  const last = messages.at(-1);
  const isDirective = message.role === 'system' && Object.keys(message.fields).length > 0;
  if (message.content.length === 0 && !isDirective) return;
  if (last?.role !== message.role) messages.push({ ...message, content: [...message.content] });
  else {
    last.content.push(...message.content);
    messages[messages.length - 1] = { ...last, fields: { ...last.fields, ...message.fields } };
  }
}

/**
 * System text in the middle stays where it is. Where the model or its neighbours do not allow the role there, it becomes
 * a part of the user's words: hoisting it to the top would change the cached prefix at every turn.
 */
function placeSystemTurns(spoken: readonly Message[], model: string, dropped: Set<string>): Message[] {
  const placed: Message[] = [];
  spoken.forEach((message, at) => {
    const isKept =
      message.role !== 'system' ||
      (isSystemTurnTaken(model) && isPlaceOfSystem(message, placed.at(-1), spoken[at + 1]));
    append(placed, isKept ? message : asReminder(message, `messages.${at}`, dropped));
  });
  return placed;
}

/**
 * "A mid-conversation system message must follow a user turn and be the last message or be followed by an assistant
 * turn"; without content it may stand anywhere.
 * https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages
 */
function isPlaceOfSystem(message: Message, before: Message | undefined, after: Message | undefined): boolean {
  if (message.content.length === 0) return true;
  return before?.role === 'user' && (after === undefined || after.role === 'assistant');
}

function asReminder(message: Message, field: string, dropped: Set<string>): Message {
  for (const name of Object.keys(message.fields)) dropped.add(`${field}.${name}`);
  const text = message.content.map((block) => block.text).join('\n\n');
  if (text === '') return { role: 'user', content: [], fields: {} };
  return userText(`<system-reminder>\n${text}\n</system-reminder>`);
}

/** "final assistant content cannot end with trailing whitespace" */
function trimPrefill(last: Message | undefined): void {
  const block = last?.content.at(-1);
  if (last?.role !== 'assistant' || block?.type !== 'text' || typeof block.text !== 'string') return;
  last.content[last.content.length - 1] = { ...block, text: block.text.trimEnd() };
}
