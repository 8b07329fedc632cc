// Watches a stream that passes through. Deltas, which are nearly all of it, are measured without being parsed.

import type { Frame, StreamMeter } from '../dialect.ts';
import { objectOf, parseJson, stringOf } from '../json/narrow.ts';
import type { ProviderError } from '../model/event.ts';
import { errorIn } from '../model/provider-error.ts';
import type { Usage } from '../model/usage.ts';
import { readUsageObject } from './usage.ts';

export class MessagesStreamMeter implements StreamMeter {
  #usage: Usage | undefined;
  #outputCharacters = 0;
  #isFinished = false;
  #error: ProviderError | undefined;

  observe(frame: Frame): boolean {
    const { data } = frame;
    const type = frame.event || typeIn(data);
    switch (type) {
      case 'content_block_delta':
        this.#outputCharacters += spokenCharacters(data);
        return true;
      case 'message_start':
      case 'message_delta': {
        const body = objectOf(parseJson(data));
        this.#usage = readUsageObject((objectOf(body?.message) ?? body)?.usage, this.#usage);
        // Some back ends leave `message_stop` out; the stop reason is as good.
        if (stringOf(objectOf(body?.delta)?.stop_reason)) this.#isFinished = true;
        return true;
      }
      case 'message_stop':
        this.#isFinished = true;
        return true;
      case 'content_block_start':
      case 'content_block_stop':
      case 'ping':
      case '':
        return true;
      default:
        this.#error ??= errorIn(200, parseJson(data), type === 'error');
        return true;
    }
  }

  get usage(): Usage | undefined {
    return this.#usage;
  }

  get outputCharacters(): number {
    return this.#outputCharacters;
  }

  get isFinished(): boolean {
    return this.#isFinished;
  }

  get error(): ProviderError | undefined {
    return this.#error;
  }
}

/** The event's own type stands first in every known server; within a delta it is the delta's, which ends alike. */
function typeIn(data: string): string {
  const type = /"type"\s*:\s*"(\w+)"/.exec(data)?.[1] ?? (data.startsWith('{') ? 'unknown' : '');
  return type.endsWith('_delta') && type !== 'message_delta' ? 'content_block_delta' : type;
}

const SPOKEN = /"(?:text|thinking|partial_json)"\s*:\s*"/;

/** Characters of the delta's text; an escape sequence counts as one. */
function spokenCharacters(data: string): number {
  const found = SPOKEN.exec(data);
  if (found === null) return 0;
  let characters = 0;
  for (let at = found.index + found[0].length; at < data.length; characters += 1) {
    const unit = data.charCodeAt(at);
    if (unit === QUOTE) break;
    if (unit !== BACKSLASH) at += 1;
    else at += data.charCodeAt(at + 1) === SMALL_U ? 6 : 2;
  }
  return characters;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SMALL_U = 0x75;
