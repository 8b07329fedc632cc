// Watches a stream that passes through. Deltas, which are nearly all of it, are measured without being parsed.

import type { Frame, StreamMeter } from '../dialect.ts';
import { objectOf, parseJson, stringOf } from '../json/narrow.ts';
import { stringIn } from '../json/string-in.ts';
import type { JsonObject } from '../json/value.ts';
import type { ProviderError } from '../model/event.ts';
import { errorIn } from '../model/provider-error.ts';
import type { Usage } from '../model/usage.ts';
import { readUsageObject } from './usage.ts';

export class MessagesStreamMeter implements StreamMeter {
  usage: Usage | undefined;
  words = '';
  outputCharacters = 0;
  isFinished = false;
  error: ProviderError | undefined;

  observe(frame: Frame): boolean {
    this.words = '';
    this.#observe(frame);
    this.outputCharacters += this.words.length;
    return true;
  }

  #observe(frame: Frame): void {
    const { data } = frame;
    // An error whose blank line is missing stands on the line after the last event.
    if (data.includes('\n') && parseJson(data) === undefined) {
      for (const line of data.split('\n')) this.#observe({ event: '', data: line });
    } else if ((frame.event || typeIn(data)) === 'content_block_delta') {
      this.words += stringIn(data, SPOKEN);
    } else this.#observeParsed(objectOf(parseJson(data)) ?? {}, frame.event);
  }

  #observeParsed(body: JsonObject, name: string): void {
    const type = stringOf(body.type) ?? name;
    switch (type) {
      case 'content_block_start':
        this.words += wordsAtStart(objectOf(body.content_block) ?? {});
        return;
      case 'content_block_delta':
        this.words += stringIn(JSON.stringify(body.delta ?? {}), SPOKEN);
        return;
      case 'message_start':
      case 'message_delta':
        this.usage = readUsageObject((objectOf(body.message) ?? body).usage, this.usage);
        // Some back ends leave `message_stop` out; the stop reason is as good.
        if (stringOf(objectOf(body.delta)?.stop_reason)) this.isFinished = true;
        return;
      case 'message_stop':
        this.isFinished = true;
        return;
      default:
        this.error ??= errorIn(200, body, type === 'error');
    }
  }
}

/** For streams without names. The event's own type stands first in every known server; where not, it is parsed. */
export function typeIn(data: string): string {
  return /^\s*\{\s*"type"\s*:\s*"(\w+)"/.exec(data)?.[1] ?? '';
}

/** The published form begins every block empty; some back ends put all of it there. */
function wordsAtStart(block: JsonObject): string {
  const said = stringOf(block.text) ?? stringOf(block.thinking) ?? '';
  const input = block.type === 'tool_use' ? JSON.stringify(objectOf(block.input) ?? {}) : '{}';
  return said + (input === '{}' ? '' : input);
}

const SPOKEN = /"(?:text|thinking|partial_json)"\s*:\s*"/;
