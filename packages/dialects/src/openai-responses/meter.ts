// Watches a stream that passes through. Most frames are pieces: those are told by their name, and only their text is
// measured; the few others are parsed.

import type { Frame, StreamMeter } from '../dialect.ts';
import { bodiesIn } from '../frames/frame-bodies.ts';
import { listOf, objectOf, stringOf } from '../json/narrow.ts';
import { stringIn } from '../json/string-in.ts';
import type { JsonObject } from '../json/value.ts';
import type { ProviderError } from '../model/event.ts';
import { errorIn } from '../model/provider-error.ts';
import type { Usage } from '../model/usage.ts';
import { itemText } from './item-text.ts';
import { failureIn } from './read-stream.ts';
import { readUsageObject } from './usage.ts';

export class ResponsesStreamMeter implements StreamMeter {
  usage: Usage | undefined;
  words = '';
  outputCharacters = 0;
  /** The places in the output of items that came in pieces. */
  readonly #inPieces = new Set<string>();
  isFinished = false;
  error: ProviderError | undefined;

  observe(frame: Frame): boolean {
    this.words = '';
    this.#observe(frame);
    return true;
  }

  #observe({ event, data }: Frame): void {
    if (data === '' || data.startsWith('[DONE]')) return;
    const type = event.startsWith('response.') ? event : typeIn(data);
    if (type === undefined || WEIGHTY.has(type) || data.includes('\n')) {
      bodiesIn(data).forEach((body, at) => {
        this.#observeParsed(objectOf(body), at === 0 ? event : '');
      });
    } else if (SPOKEN.has(type)) this.#speak(PLACE.exec(data)?.[1], stringIn(data, DELTA));
  }

  #speak(place: string | undefined, words: string): void {
    this.#say(words);
    if (words !== '') this.#inPieces.add(place ?? '');
  }

  #say(words: string): void {
    this.words += words;
    this.outputCharacters += words.length;
  }

  #observeParsed(body: JsonObject | undefined, name: string): void {
    if (body === undefined) return;
    const type = stringOf(body.type) ?? name;
    const response = objectOf(body.response);
    switch (type) {
      case 'response.output_item.done':
        this.#endItem(placeOf(body), objectOf(body.item));
        return;
      case 'response.completed':
      case 'response.incomplete':
      case 'response.done':
        this.isFinished = true;
        this.usage = readUsageObject(response?.usage) ?? this.usage;
        if (this.outputCharacters > 0) return;
        listOf(response?.output).forEach((item, at) => {
          this.#endItem(String(at), objectOf(item));
        });
        return;
      case 'response.failed':
        this.usage = readUsageObject(response?.usage) ?? this.usage;
        this.error = failureIn(response);
        return;
      default:
        if (SPOKEN.has(type)) this.#speak(placeOf(body), stringOf(body.delta) ?? '');
        else if (!type.startsWith('response.')) this.error ??= errorIn(200, body, type === 'error');
    }
  }

  /** Some servers send an item without its pieces. */
  #endItem(place: string | undefined, item: JsonObject | undefined): void {
    if (item === undefined || this.#inPieces.has(place ?? '')) return;
    this.#say(itemText(item));
  }
}

function placeOf({ output_index: index }: JsonObject): string | undefined {
  return typeof index === 'number' ? String(index) : undefined;
}

const PLACE = /"output_index"\s*:\s*(\d+)/;

/** The published form begins with the type; undefined where it does not. */
function typeIn(data: string): string | undefined {
  return /^\s*\{\s*"type"\s*:\s*"(response\.[\w.]+)"/.exec(data)?.[1];
}

/** Events that end an item or the answer. */
const WEIGHTY: ReadonlySet<string> = new Set([
  'response.output_item.done',
  'response.completed',
  'response.incomplete',
  'response.done',
  'response.failed',
]);

const SPOKEN: ReadonlySet<string> = new Set([
  'response.output_text.delta',
  'response.refusal.delta',
  'response.reasoning_summary_text.delta',
  'response.reasoning_text.delta',
  'response.function_call_arguments.delta',
  'response.custom_tool_call_input.delta',
]);

const DELTA = /"delta"\s*:\s*"/;
