// https://platform.openai.com/docs/api-reference/responses/create#responses-create-input
// Items go without ids: "Item with id 'msg_…' not found. Items are not persisted when `store` is set to false." Only a
// thought keeps the id that its encrypted form is bound to.

import { objectOf, parseJson } from '../json/narrow.ts';
import type { JsonObject } from '../json/value.ts';
import { isBillingHeader } from '../model/billing-header.ts';
import { arrangeToolResults } from '../model/call-legality.ts';
import { digest } from '../model/digest.ts';
import type { Part, Request, ToolCallPart, ToolResultPart, Turn } from '../model/request.ts';
import { isOpenAi } from '../openai-chat/model-family.ts';
import { writeThought } from './reasoning-item.ts';
import { writeContent } from './write-content.ts';
import { writeFoundTools } from './write-tools.ts';

export function writeInput(request: Request, model: string, dropped: Set<string>): JsonObject {
  const { system } = request;
  const instructions = system.filter((part) => !isBillingHeader(part, dropped));
  if (system.some((part) => part.cacheControl !== undefined)) dropped.add('cache_control');
  const turns = arrangeToolResults(request.turns);
  const forms = formsOf(turns);
  const input = turns.flatMap((turn, at) =>
    writeTurn(turn, { request, model, field: `messages.${at}`, forms, dropped }),
  );
  const text = instructions
    .map((part) => part.text)
    .filter((words) => words !== '')
    .join('\n\n');
  if (text === '') return { input };
  // "Missing required parameter: 'input'": instructions alone are refused.
  if (input.length === 0) return { input: [systemMessage(text, model)] };
  return { instructions: text, input };
}

function systemMessage(text: string, model: string): JsonObject {
  return { type: 'message', role: systemRole(model), content: [{ type: 'input_text', text }] };
}

interface TurnWriter {
  readonly request: Request;
  readonly model: string;
  readonly field: string;
  readonly dropped: Set<string>;
  /** The form of each call: its result's item is of the same. */
  readonly forms: ReadonlyMap<string, ToolCallPart['form']>;
}

function formsOf(turns: readonly Turn[]): ReadonlyMap<string, ToolCallPart['form']> {
  const calls = turns.flatMap(({ parts }) => parts).filter((part) => part.kind === 'toolCall');
  return new Map(calls.map(({ id, form }) => [id, form]));
}

/** Parts that make a message together are one; calls, results and thoughts are items of their own, in order. */
function writeTurn(turn: Turn, writer: TurnWriter): readonly JsonObject[] {
  const items: JsonObject[] = [];
  let said: Part[] = [];
  const endMessage = () => {
    if (said.length > 0) items.push(...writeMessage(turn.role, said, writer));
    said = [];
  };
  for (const part of turn.parts) {
    const item = writeItem(part, writer);
    if (item === undefined) said.push(part);
    else {
      endMessage();
      items.push(...item);
    }
  }
  endMessage();
  return withoutLastThought(items, writer);
}

/** "Item 'rs_…' of type 'reasoning' was provided without its required following item." */
function withoutLastThought(items: readonly JsonObject[], { dropped }: TurnWriter): readonly JsonObject[] {
  const end = items.findLastIndex((item) => item.type !== 'reasoning') + 1;
  if (end < items.length) dropped.add('thinking');
  return items.slice(0, end);
}

/** Undefined for what belongs into a message. */
function writeItem(part: Part, writer: TurnWriter): readonly JsonObject[] | undefined {
  switch (part.kind) {
    case 'toolCall':
      return [writeCall(part)];
    case 'toolResult':
      return [writeResult(part, writer)];
    case 'thinking': {
      const item = writeThought(part);
      if (item === undefined) writer.dropped.add('thinking');
      return item === undefined ? [] : [item];
    }
    case 'redactedThinking':
      writer.dropped.add('redacted_thinking');
      return [];
    case 'foreign':
      if (part.dialect !== 'openai-responses' || isOfMessage(part.type)) return undefined;
      return [part.type === 'item_reference' ? part.value : withoutId(part.value)];
    default:
      return undefined;
  }
}

/** Kinds that the hub does not know stand inside a message or beside it: `input_audio`, `web_search_call`. */
function isOfMessage(type: string): boolean {
  return /^(?:input|output)_/.test(type);
}

function withoutId({ id: _, ...item }: JsonObject): JsonObject {
  return item;
}

function writeMessage(
  role: Turn['role'],
  parts: readonly Part[],
  { field, model, dropped }: TurnWriter,
): readonly JsonObject[] {
  const content = writeContent(parts, role, field, dropped);
  if (content.length === 0) return [];
  return [{ type: 'message', role: role === 'system' ? systemRole(model) : role, content }];
}

/** Templates of open models know no `developer`. */
function systemRole(model: string): string {
  return isOpenAi(model) ? 'developer' : 'system';
}

function writeCall({ id, name, namespace, form, argumentsText }: ToolCallPart): JsonObject {
  const call_id = callId(id);
  const group = namespace === undefined ? {} : { namespace };
  switch (form) {
    case 'custom':
      return { type: 'custom_tool_call', call_id, name, ...group, input: argumentsText };
    case 'toolSearch':
      return {
        type: 'tool_search_call',
        call_id,
        execution: 'client',
        status: 'completed',
        arguments: objectOf(parseJson(argumentsText)) ?? {},
      };
    default:
      return {
        type: 'function_call',
        call_id,
        name,
        ...group,
        arguments: argumentsText === '' ? '{}' : argumentsText,
      };
  }
}

/** One text is a string, which every server of this dialect takes. */
function writeResult(result: ToolResultPart, writer: TurnWriter): JsonObject {
  const { request, field, forms, dropped } = writer;
  if (result.cacheControl !== undefined) dropped.add('cache_control');
  const form = forms.get(result.callId);
  const call_id = callId(result.callId);
  if (form === 'toolSearch') {
    const tools = writeFoundTools(request, result.callId);
    return { type: 'tool_search_output', call_id, execution: 'client', status: 'completed', tools };
  }
  const type = form === 'custom' ? 'custom_tool_call_output' : 'function_call_output';
  const content = writeContent(result.parts, 'user', field, dropped);
  const texts = content.flatMap((part) => (part.type === 'input_text' ? [String(part.text)] : []));
  const isMarked = result.isError && !/^error\b/i.test(texts[0] ?? '');
  if (texts.length < content.length) {
    const mark = isMarked ? [{ type: 'input_text', text: 'Error:' }] : [];
    return { type, call_id, output: [...mark, ...content] };
  }
  const text = texts.join('\n');
  return { type, call_id, output: isMarked ? `Error: ${text}` : text };
}

const CALL_ID_CHARACTERS_MAX = 64;

/** "Invalid 'input[2].call_id': string too long. Expected a string with maximum length 64" */
function callId(id: string): string {
  return id.length <= CALL_ID_CHARACTERS_MAX ? id : `call_${digest(id)}`;
}
