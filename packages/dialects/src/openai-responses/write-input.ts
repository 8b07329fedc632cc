// https://platform.openai.com/docs/api-reference/responses/create#responses-create-input
// Items go without ids: "Item with id 'msg_…' not found. Items are not persisted when `store` is set to false." Only a
// thought keeps the id that its encrypted form is bound to.

import type { JsonObject } from '../json/value.ts';
import { isBillingHeader } from '../model/billing-header.ts';
import { arrangeToolResults } from '../model/call-legality.ts';
import { digest } from '../model/digest.ts';
import type { Part, Request, ToolCallPart, ToolResultPart, Turn } from '../model/request.ts';
import { writeThought } from './reasoning-item.ts';
import { writeContent } from './write-content.ts';

export function writeInput(request: Request, dropped: Set<string>): JsonObject {
  const { system, isCompaction = false } = request;
  const turns = isCompaction ? request.turns.slice(0, -1) : request.turns;
  const instructions = system.filter((part) => !isBillingHeader(part, dropped));
  if (system.some((part) => part.cacheControl !== undefined)) dropped.add('cache_control');
  const input = arrangeToolResults(turns).flatMap((turn, at, arranged) =>
    writeTurn(turn, { field: `input.${at}`, forms: formsOf(arranged), dropped }),
  );
  if (isCompaction) input.push({ type: 'compaction_trigger' });
  return {
    ...(instructions.length > 0 && { instructions: instructions.map((part) => part.text).join('\n\n') }),
    input,
  };
}

interface TurnWriter {
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
  return items;
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
      if (part.dialect === 'openai-responses' && !PARTS.has(part.type)) return [withoutId(part.value)];
      return undefined;
    default:
      return undefined;
  }
}

/** Foreign kinds that stand inside a message. */
const PARTS: ReadonlySet<string> = new Set(['input_audio', 'input_video']);

function withoutId({ id: _, ...item }: JsonObject): JsonObject {
  return item;
}

function writeMessage(
  role: Turn['role'],
  parts: readonly Part[],
  { field, dropped }: TurnWriter,
): readonly JsonObject[] {
  const content = writeContent(parts, role, field, dropped);
  if (content.length === 0) return [];
  return [{ type: 'message', role: role === 'system' ? 'developer' : role, content }];
}

function writeCall({ id, name, namespace, form, argumentsText }: ToolCallPart): JsonObject {
  const call_id = callId(id);
  const group = namespace === undefined ? {} : { namespace };
  switch (form) {
    case 'custom':
      return { type: 'custom_tool_call', call_id, name, ...group, input: argumentsText };
    case 'toolSearch':
      return { type: 'tool_search_call', call_id, execution: 'client', arguments: parsed(argumentsText) };
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

function parsed(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return {};
  }
}

/** One text is a string, which every server of this dialect takes; a search's tools stand in the list of tools. */
function writeResult(result: ToolResultPart, { field, forms, dropped }: TurnWriter): JsonObject {
  if (result.cacheControl !== undefined) dropped.add('cache_control');
  const form = forms.get(result.callId);
  const call_id = callId(result.callId);
  if (form === 'toolSearch') return { type: 'tool_search_output', call_id, execution: 'client', tools: [] };
  const type = form === 'custom' ? 'custom_tool_call_output' : 'function_call_output';
  const content = writeContent(result.parts, 'user', field, dropped);
  const isText = content.every((part) => part.type === 'input_text');
  if (!isText) return { type, call_id, output: content };
  const text = content.map((part) => part.text).join('\n');
  return { type, call_id, output: result.isError && !/^error\b/i.test(text) ? `Error: ${text}` : text };
}

const CALL_ID_CHARACTERS_MAX = 64;

/** "Invalid 'input[2].call_id': string too long. Expected a string with maximum length 64" */
function callId(id: string): string {
  return id.length <= CALL_ID_CHARACTERS_MAX ? id : `call_${digest(id)}`;
}
