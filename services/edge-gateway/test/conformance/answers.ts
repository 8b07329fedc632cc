// What clients put together from an answer, streamed or whole, as strictly as the strictest of them.

import { framesOf } from '../wire.ts';
import { type Json, objectOf, objectsOf, textOf } from './json.ts';

function bodiesOf(raw: string): readonly Json[] {
  return framesOf(raw)
    .filter(({ data }) => data !== '[DONE]')
    .map(({ data }) => objectOf(JSON.parse(data)));
}

function isWhole(raw: string): boolean {
  return raw.startsWith('{');
}

/** The blocks of a message; input counts only where deltas brought it. */
export function blocksOf(raw: string): readonly Json[] {
  if (isWhole(raw)) return objectsOf(objectOf(JSON.parse(raw)).content);
  const blocks: Record<string, unknown>[] = [];
  let isEnded = false;
  for (const body of bodiesOf(raw)) {
    const at = Number(body.index);
    const block = blocks[at] ?? {};
    const delta = objectOf(body.delta);
    switch (body.type) {
      case 'content_block_start':
        if (at !== blocks.length) throw new Error(`block ${at} begins out of turn`);
        blocks.push({ ...objectOf(body.content_block), ...jsonStart(objectOf(body.content_block)) });
        break;
      case 'content_block_delta':
        for (const field of ['text', 'thinking', 'signature', 'partial_json']) {
          if (field in delta) block[field] = `${textOf(block[field])}${textOf(delta[field])}`;
        }
        break;
      case 'content_block_stop':
        if ('partial_json' in block) {
          block.input = JSON.parse(textOf(block.partial_json) || '{}');
          delete block.partial_json;
        }
        break;
      case 'message_stop':
        isEnded = true;
    }
  }
  if (!isEnded) throw new Error('the message has no end');
  return blocks;
}

function jsonStart({ type }: Json): object {
  return type === 'tool_use' ? { partial_json: '' } : {};
}

/** The items of a response, of which only those that are told to be done count. */
export function itemsOf(raw: string): readonly Json[] {
  if (isWhole(raw)) return objectsOf(objectOf(JSON.parse(raw)).output);
  const bodies = bodiesOf(raw);
  const completed = objectOf(bodies.find(({ type }) => type === 'response.completed')?.response);
  const { input_tokens: input, output_tokens: output, total_tokens: total } = objectOf(completed.usage);
  const isCounted = [input, output, total].every(Number.isInteger);
  if (!isCounted && completed.usage !== null) throw new Error('the response has no usage');
  if (textOf(completed.id) === '') throw new Error('the response has no id');
  return bodies.filter(({ type }) => type === 'response.output_item.done').map(({ item }) => objectOf(item));
}

export interface ChatMessage {
  readonly content: string;
  readonly reasoning: string;
  readonly toolCalls: readonly Json[];
}

export function chatMessageOf(raw: string): ChatMessage {
  const message = isWhole(raw)
    ? objectOf(objectsOf(objectOf(JSON.parse(raw)).choices)[0]?.message)
    : mergedDeltas(bodiesOf(raw));
  return {
    content: textOf(message.content),
    reasoning: textOf(message.reasoning_content),
    toolCalls: objectsOf(message.tool_calls),
  };
}

function mergedDeltas(bodies: readonly Json[]): Json {
  let content = '';
  let reasoning = '';
  let finish: unknown;
  const calls: Record<string, unknown>[] = [];
  for (const body of bodies) {
    if (!Array.isArray(body.choices)) throw new Error('a chunk without choices');
    const [choice = {}] = objectsOf(body.choices);
    const delta = objectOf(choice.delta);
    content += textOf(delta.content);
    reasoning += textOf(delta.reasoning_content);
    finish = choice.finish_reason ?? finish;
    for (const { index, id, type, ...rest } of objectsOf(delta.tool_calls)) {
      const at = Number(index);
      if (calls[at] === undefined && typeof id !== 'string') throw new Error('a call without an id');
      const form = type === 'custom' || 'custom' in rest ? 'custom' : 'function';
      const call = calls[at] ?? { id, type: form, [form]: {} };
      calls[at] = call;
      const own = objectOf(call[textOf(call.type)]);
      const piece = objectOf(rest[form]);
      const field = form === 'custom' ? 'input' : 'arguments';
      call[textOf(call.type)] = {
        name: own.name ?? piece.name,
        [field]: `${textOf(own[field])}${textOf(piece[field])}`,
      };
    }
  }
  if (finish !== (calls.length > 0 ? 'tool_calls' : 'stop')) throw new Error(`it finished with ${finish}`);
  return { content, reasoning_content: reasoning, tool_calls: calls };
}

/** The parts of a candidate; a list of replies counts as a stream. */
export function partsOf(raw: string): readonly Json[] {
  const bodies = isWhole(raw)
    ? [objectOf(JSON.parse(raw))]
    : raw.startsWith('[')
      ? objectsOf(JSON.parse(raw))
      : bodiesOf(raw);
  const candidates = bodies.map((body) => objectOf(objectsOf(body.candidates)[0]));
  if (candidates.at(-1)?.finishReason === undefined) throw new Error('the answer has no finish reason');
  return candidates.flatMap(({ content }) => objectsOf(objectOf(content).parts));
}
