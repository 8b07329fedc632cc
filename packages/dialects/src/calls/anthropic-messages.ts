// https://docs.claude.com/en/api/messages-streaming: a call is a block of its own between `content_block_start` and
// `content_block_stop`, its input in pieces of JSON.

import { typeIn } from '../anthropic-messages/meter.ts';
import type { Frame } from '../dialect.ts';
import { bodiesIn } from '../frames/frame-bodies.ts';
import { isObject, listOf, numberOf, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { type CallWatch, GatheredCalls, NO_CALLS, type SpokenCall } from './call-watch.ts';

export class MessagesCallWatch implements CallWatch {
  readonly #blocks = new GatheredCalls();

  get isOpen(): boolean {
    return this.#blocks.isOpen;
  }

  observe({ event, data }: Frame): readonly SpokenCall[] {
    if (data === '' || data === '[DONE]') return NO_CALLS;
    // Nearly all of a stream. Within a text the quotes are escaped.
    if ((event || typeIn(data)) === 'content_block_delta' && WORDS.test(data) && !data.includes('\n')) {
      return NO_CALLS;
    }
    return bodiesIn(data).flatMap((body) => (isObject(body) ? this.#observeParsed(body, event) : NO_CALLS));
  }

  end(): readonly SpokenCall[] {
    return this.#blocks.closeAll();
  }

  #observeParsed(body: JsonObject, name: string): readonly SpokenCall[] {
    const key = String(numberOf(body.index) ?? 0);
    switch (stringOf(body.type) ?? name) {
      case 'message_start':
        return callsOfMessage(objectOf(body.message) ?? {});
      case 'content_block_start':
        return this.#start(key, objectOf(body.content_block) ?? {});
      case 'content_block_delta': {
        const piece = stringOf(objectOf(body.delta)?.partial_json);
        if (piece !== undefined) this.#blocks.open(key).add(piece);
        return NO_CALLS;
      }
      case 'content_block_stop':
        return this.#blocks.close(key);
      case 'message_stop':
        return this.#blocks.closeAll();
      default:
        return NO_CALLS;
    }
  }

  #start(key: string, block: JsonObject): readonly SpokenCall[] {
    const before = this.#blocks.close(key);
    this.#blocks.forget(key);
    const call = callOfBlock(block);
    if (call === undefined) return before;
    const opened = this.#blocks.open(key);
    opened.name = call.name;
    if (call.argumentsText !== '{}') opened.addWhole(call.argumentsText);
    return before;
  }
}

const WORDS = /"(?:text|thinking|signature|citations)_delta"/;

/** The calls of a whole reply. */
export function callsOfMessage(message: JsonValue): readonly SpokenCall[] {
  return listOf(objectOf(message)?.content).flatMap((block) => {
    const call = isObject(block) ? callOfBlock(block) : undefined;
    return call === undefined ? NO_CALLS : [call];
  });
}

/** Undefined for what is said, and for what a tool of the provider's own answered. */
function callOfBlock(block: JsonObject): SpokenCall | undefined {
  const type = stringOf(block.type) ?? '';
  if (INERT.has(type) || type.endsWith('_tool_result')) return undefined;
  const { input = {} } = block;
  return {
    name: stringOf(block.name) ?? type,
    argumentsText: typeof input === 'string' ? input : JSON.stringify(input),
  };
}

const INERT: ReadonlySet<string> = new Set(['text', 'thinking', 'redacted_thinking', 'container_upload']);
