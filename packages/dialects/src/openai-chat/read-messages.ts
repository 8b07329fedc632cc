import { InvalidRequest } from '../dialect.ts';
import * as fields from '../json/fields.ts';
import { messageList } from '../json/message-list.ts';
import { isObject, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import type { Part, TextPart, ToolCallPart, ToolResultPart, Turn } from '../model/request.ts';
import { readContent, readTexts, resultParts } from './read-content.ts';
import { thinkingIn } from './reasoning-details.ts';

/** Leading system and developer messages are the system prompt; later ones keep their place as turns. */
export function readMessages(value: JsonValue | undefined): {
  readonly system: readonly TextPart[];
  readonly turns: readonly Turn[];
} {
  const system: TextPart[] = [];
  const turns: Turn[] = [];
  messageList(value).forEach((item, at) => {
    const field = `messages.${at}`;
    const message = fields.requiredObject(item, field);
    const role = fields.requiredString(message.role, `${field}.role`);
    switch (role) {
      case 'system':
      case 'developer': {
        const texts = readTexts(message.content, `${field}.content`);
        if (turns.length === 0) system.push(...texts);
        else turns.push({ role: 'system', parts: texts });
        return;
      }
      case 'user':
        turns.push({ role: 'user', parts: readContent(message.content, `${field}.content`) });
        return;
      case 'assistant':
        turns.push({ role: 'assistant', parts: readAssistant(message, at) });
        return;
      case 'tool':
      case 'function':
        addResult(turns, readResult(message, role, turns, field));
        return;
      default:
        throw new InvalidRequest(
          `${field}.role`,
          `The field "${field}.role" must be one of system, developer, user, assistant, tool.`,
        );
    }
  });
  return { system, turns };
}

/** Thinking, then text, then calls: the order in which the model made them. */
function readAssistant(message: JsonObject, at: number): readonly Part[] {
  const field = `messages.${at}`;
  const thinking = thinkingIn(message);
  const refusal = stringOf(message.refusal);
  const parts: Part[] = thinking === '' ? [] : [{ kind: 'thinking', text: thinking }];
  if (message.content !== undefined && message.content !== null) {
    parts.push(...readContent(message.content, `${field}.content`));
  }
  if (refusal) parts.push({ kind: 'text', text: refusal });
  fields.optionalList(message.tool_calls, `${field}.tool_calls`).forEach((call, index) => {
    parts.push(readCall(call, `${field}.tool_calls.${index}`));
  });
  const legacy = fields.optionalObject(message.function_call, `${field}.function_call`);
  if (legacy !== undefined) {
    parts.push(calledFunction(legacyCallId(at), legacy, `${field}.function_call`));
  }
  // An empty message is legal beside calls or thinking, where it says nothing.
  return parts.length > 1 ? parts.filter((part) => part.kind !== 'text' || part.text !== '') : parts;
}

function readCall(value: JsonValue, field: string): Part {
  const call = fields.requiredObject(value, field);
  const id = fields.requiredString(call.id, `${field}.id`);
  const type = fields.optionalString(call.type, `${field}.type`) ?? 'function';
  if (type === 'custom')
    return calledCustom(id, fields.requiredObject(call.custom, `${field}.custom`), `${field}.custom`);
  if (type !== 'function') return { kind: 'foreign', dialect: 'openai-chat', type, value: call };
  return calledFunction(id, fields.requiredObject(call.function, `${field}.function`), `${field}.function`);
}

function calledFunction(id: string, called: JsonObject, field: string): ToolCallPart {
  const given = called.arguments;
  // Ollama's own clients send an object.
  const text = isObject(given) ? JSON.stringify(given) : fields.optionalString(given, `${field}.arguments`);
  return {
    kind: 'toolCall',
    id,
    name: fields.requiredString(called.name, `${field}.name`),
    argumentsText: text === undefined || text === '' ? '{}' : text,
  };
}

function calledCustom(id: string, called: JsonObject, field: string): ToolCallPart {
  return {
    kind: 'toolCall',
    id,
    name: fields.requiredString(called.name, `${field}.name`),
    form: 'custom',
    argumentsText: fields.optionalString(called.input, `${field}.input`) ?? '',
  };
}

function readResult(
  message: JsonObject,
  role: 'tool' | 'function',
  turns: readonly Turn[],
  field: string,
): ToolResultPart {
  const callId =
    role === 'function' && message.tool_call_id === undefined
      ? lastCallId(turns)
      : fields.requiredString(message.tool_call_id, `${field}.tool_call_id`);
  return {
    kind: 'toolResult',
    callId,
    parts: resultParts(readContent(message.content, `${field}.content`)),
    isError: false,
  };
}

/** The results of parallel calls come as messages in a row and belong to one turn. */
function addResult(turns: Turn[], result: ToolResultPart): void {
  const last = turns.at(-1);
  if (
    last?.role === 'user' &&
    last.parts.length > 0 &&
    last.parts.every((part) => part.kind === 'toolResult')
  ) {
    turns[turns.length - 1] = { role: 'user', parts: [...last.parts, result] };
  } else turns.push({ role: 'user', parts: [result] });
}

/** The older `function_call` has no id; its answer follows it. */
function legacyCallId(at: number): string {
  return `call_function_${at}`;
}

function lastCallId(turns: readonly Turn[]): string {
  const calls = turns.flatMap((turn) => turn.parts).filter((part) => part.kind === 'toolCall');
  return calls.at(-1)?.id ?? legacyCallId(0);
}
