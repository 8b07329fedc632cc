// https://platform.openai.com/docs/api-reference/responses/create#responses-create-input
// Items come one by one; those that the model made in one go are one turn of the assistant, and the results of its calls
// one turn of the user.

import { InvalidRequest } from '../dialect.ts';
import * as fields from '../json/fields.ts';
import { messageList } from '../json/message-list.ts';
import { isObject, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { type CallName, callNameOf } from '../model/cast-tools.ts';
import type {
  CallForm,
  Part,
  TextPart,
  ThinkingPart,
  Tool,
  ToolCallPart,
  ToolResultPart,
  Turn,
} from '../model/request.ts';
import { COMPACTION_REQUEST, openCompaction } from './compaction.ts';
import { foundBy } from './found-tools.ts';
import { readContent, readResultContent } from './read-content.ts';
import { readTools } from './read-tools.ts';
import { readThought } from './reasoning-item.ts';

export interface Input {
  readonly system: readonly TextPart[];
  readonly turns: readonly Turn[];
  /** Tools that items of the conversation brought. */
  readonly tools: readonly Tool[];
  readonly isCompaction: boolean;
}

export function readInput(value: JsonValue | undefined, instructions: string | undefined): Input {
  const reader = new InputReader();
  if (instructions !== undefined && instructions !== '')
    reader.system.push({ kind: 'text', text: instructions });
  const items =
    typeof value === 'string'
      ? [{ role: 'user', content: value }]
      : messageList(value, 'input', INPUT_ITEMS_MAX);
  items.forEach((item, at) => {
    reader.read(fields.requiredObject(item, `input.${at}`), `input.${at}`);
  });
  return reader;
}

/** A step of an agent is several items, where it is one or two messages elsewhere. */
const INPUT_ITEMS_MAX = 20_000;

interface GrowingTurn extends Turn {
  readonly parts: Part[];
}

class InputReader implements Input {
  readonly system: TextPart[] = [];
  readonly turns: GrowingTurn[] = [];
  readonly tools: Tool[] = [];
  isCompaction = false;

  read(item: JsonObject, field: string): void {
    const type = fields.optionalString(item.type, `${field}.type`) ?? 'message';
    switch (type) {
      case 'message':
        this.#message(item, field);
        return;
      case 'reasoning':
        this.#thought(readThought(item));
        return;
      case 'function_call':
        this.#say(readCall(item, field, argumentsOf(item, field)));
        return;
      case 'custom_tool_call':
        this.#say(readCall(item, field, stringOf(item.input) ?? '', 'custom'));
        return;
      case 'tool_search_call':
        if (isHosted(item)) this.#foreign(item, type);
        else this.#say(readSearch(item, field));
        return;
      case 'function_call_output':
      case 'custom_tool_call_output':
        this.#result(readResult(item, field));
        return;
      case 'tool_search_output':
        if (isHosted(item)) this.#foreign(item, type);
        else this.#searchResult(item, field);
        return;
      case 'additional_tools':
        this.tools.push(...readTools(item.tools, `${field}.tools`));
        return;
      case 'compaction':
      case 'compaction_summary':
        this.#compacted(item, type);
        return;
      case 'compaction_trigger':
        this.isCompaction = true;
        this.turns.push({ role: 'user', parts: [{ kind: 'text', text: COMPACTION_REQUEST }] });
        return;
      default:
        this.#foreign(item, type);
        return;
    }
  }

  #message(item: JsonObject, field: string): void {
    const role = fields.requiredString(item.role, `${field}.role`);
    const parts = readContent(item.content, `${field}.content`);
    switch (role) {
      case 'system':
      case 'developer': {
        const texts = parts.filter((part) => part.kind === 'text');
        if (this.turns.length === 0) this.system.push(...texts);
        else this.turns.push({ role: 'system', parts: texts });
        return;
      }
      case 'user':
        this.turns.push({ role, parts: [...parts] });
        return;
      case 'assistant':
        this.#say(...parts);
        return;
      default:
        throw new InvalidRequest(
          `${field}.role`,
          `The field "${field}.role" must be one of system, developer, user, assistant.`,
        );
    }
  }

  /** What the model made goes on in its turn. */
  #say(...parts: readonly Part[]): void {
    const last = this.turns.at(-1);
    if (last?.role === 'assistant') last.parts.push(...parts);
    else this.turns.push({ role: 'assistant', parts: [...parts] });
  }

  /** One that neither says nor hides anything is none. */
  #thought(thought: ThinkingPart): void {
    if (thought.text !== '' || thought.signature !== undefined) this.#say(thought);
  }

  #result(result: ToolResultPart): void {
    const last = this.turns.at(-1);
    // A turn of the user that ends with a result has nothing else in it.
    if (last?.role === 'user' && last.parts.at(-1)?.kind === 'toolResult') last.parts.push(result);
    else this.turns.push({ role: 'user', parts: [result] });
  }

  /** The tools that a search found are tools from here on, and are known by the search that found them. */
  #searchResult(item: JsonObject, field: string): void {
    const callId = stringOf(item.call_id) ?? this.#lastCallId();
    const found = readTools(item.tools, `${field}.tools`);
    this.tools.push(...found.map((tool) => foundBy(tool, callId)));
    const names = found.flatMap((tool) => callNameOf(tool) ?? []).map(flatName);
    const text = names.length === 0 ? 'No tool was found.' : `Tools loaded: ${names.join(', ')}`;
    this.#result({ kind: 'toolResult', callId, parts: [{ kind: 'text', text }], isError: false });
  }

  #lastCallId(): string {
    const calls = this.turns.flatMap((turn) => turn.parts).filter((part) => part.kind === 'toolCall');
    return calls.at(-1)?.id ?? '';
  }

  /** A summary of ours stands for what was said before; another's is of use to nobody else. */
  #compacted(item: JsonObject, type: string): void {
    const summary = openCompaction(stringOf(item.encrypted_content));
    if (summary === undefined) this.#foreign(item, type);
    else this.turns.push({ role: 'user', parts: [{ kind: 'text', text: summary }] });
  }

  /** Belongs to the turn that it stands in: who made it cannot be told. */
  #foreign(item: JsonObject, type: string): void {
    const part: Part = { kind: 'foreign', dialect: 'openai-responses', type, value: item };
    const last = this.turns.at(-1);
    if (last === undefined) this.turns.push({ role: 'system', parts: [part] });
    else last.parts.push(part);
  }
}

/** As a provider without namespaces knows it. */
function flatName({ name, namespace }: CallName): string {
  return namespace === undefined ? name : `${namespace}__${name}`;
}

/** A search that the provider ran itself, over tools that it keeps. */
function isHosted({ execution, call_id: callId }: JsonObject): boolean {
  return execution === 'server' || (execution === undefined && stringOf(callId) === undefined);
}

/** As an object from clients that take Ollama's form for it. */
function argumentsOf({ arguments: given }: JsonObject, field: string): string | undefined {
  return isObject(given) ? JSON.stringify(given) : fields.optionalString(given, `${field}.arguments`);
}

function readCall(item: JsonObject, field: string, text: string | undefined, form?: CallForm): ToolCallPart {
  const namespace = fields.optionalString(item.namespace, `${field}.namespace`);
  return {
    kind: 'toolCall',
    id: fields.requiredString(item.call_id ?? item.id, `${field}.call_id`),
    name: fields.requiredString(item.name, `${field}.name`),
    argumentsText: text === undefined || (text === '' && form === undefined) ? '{}' : text,
    ...(namespace !== undefined && namespace !== '' && { namespace }),
    ...(form !== undefined && { form }),
  };
}

function readSearch(item: JsonObject, field: string): ToolCallPart {
  return {
    kind: 'toolCall',
    id: fields.requiredString(item.call_id ?? item.id, `${field}.call_id`),
    name: 'tool_search',
    argumentsText: JSON.stringify(objectOf(item.arguments) ?? {}),
    form: 'toolSearch',
  };
}

function readResult(item: JsonObject, field: string): ToolResultPart {
  const { output } = item;
  // The published forms are a text and a list.
  const content = isObject(output) ? JSON.stringify(output) : output;
  return {
    kind: 'toolResult',
    callId: fields.requiredString(item.call_id, `${field}.call_id`),
    parts: readResultContent(content, `${field}.output`),
    isError: false,
  };
}
