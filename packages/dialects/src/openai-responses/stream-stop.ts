// Ends a stream in the middle as the provider itself does at `max_output_tokens`: what is open is closed as it stands, and
// `response.incomplete` repeats the output.
// https://platform.openai.com/docs/api-reference/responses-streaming/response/incomplete
//
// Half of a call is left as it is, neither done nor in the output: clients run what is done, whatever its status (Codex), or
// take arguments that cannot be read for none (goose), and older adapters refuse a done call that is not completed
// (@ai-sdk/openai 2, https://github.com/vercel/ai/pull/20405).

import type { Frame, ReplyContext, StreamStopper } from '../dialect.ts';
import { bodiesIn } from '../frames/frame-bodies.ts';
import { printFrame } from '../frames/sse.ts';
import { numberOf, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import type { Usage } from '../model/usage.ts';
import { OpenItem } from './open-item.ts';
import { writeUsageObject } from './usage.ts';
import { responseObject } from './write-reply.ts';
import { ResponsesStreamWriter } from './write-stream.ts';

/** Of the frames whose content is kept. Of a longer answer only the response is closed, without its output. */
const KEPT_CHARACTERS_MAX = 16 * 1024 * 1024;

export class ResponsesStreamStopper implements StreamStopper {
  readonly #context: ReplyContext;
  /** Undefined before the first event. */
  #response: JsonObject | undefined;
  /** The items by their place in the output: finished ones as they are. */
  readonly #items = new Map<number, OpenItem | JsonObject>();
  #keptCharacters = 0;
  #sequenceNumber = -1;
  #hasEnded = false;

  constructor(context: ReplyContext) {
    this.#context = context;
  }

  observe({ event, data }: Frame): void {
    if (this.#hasEnded || data === '' || data.startsWith('[DONE]')) return;
    for (const body of bodiesIn(data)) {
      const fields = objectOf(body);
      if (fields !== undefined) this.#observeParsed(fields, stringOf(fields.type) ?? event, data.length);
    }
  }

  stop(usage: Usage): string {
    if (this.#hasEnded) return '';
    this.#hasEnded = true;
    if (this.#response === undefined) {
      const writer = new ResponsesStreamWriter(this.#context);
      return writer.write({ type: 'usage', usage }) + writer.write({ type: 'finish', reason: 'length' });
    }
    const output: JsonValue[] = [];
    let text = '';
    for (const [place, item] of [...this.#items].sort(([one], [other]) => one - other)) {
      const isOpen = item instanceof OpenItem;
      if (isOpen && !item.isClosable) continue;
      if (isOpen) for (const event of item.close()) text += this.#print(event);
      // Items are known by their place: none moves up into that of half a call.
      if (place === output.length) output.push(isOpen ? item.item() : item);
    }
    const response = {
      ...this.#response,
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output,
      usage: writeUsageObject(usage),
    };
    return text + this.#print({ type: 'response.incomplete', response });
  }

  #observeParsed(body: JsonObject, type: string, characters: number): void {
    this.#sequenceNumber = numberOf(body.sequence_number) ?? this.#sequenceNumber + 1;
    if (!type.startsWith('response.')) return;
    this.#response ??= responseOf(objectOf(body.response) ?? {}, this.#context);
    if (ENDS.has(type)) this.#hasEnded = true;
    else this.#keep(body, type, characters);
  }

  #keep(body: JsonObject, type: string, characters: number): void {
    const place = numberOf(body.output_index);
    if (place === undefined || this.#keptCharacters > KEPT_CHARACTERS_MAX) return;
    const item = objectOf(body.item);
    const known = this.#items.get(place);
    if (item !== undefined) {
      this.#items.set(place, type === 'response.output_item.done' ? item : new OpenItem(item, place));
    } else if (known instanceof OpenItem) known.observe(type, body);
    else return;
    this.#keptCharacters += characters;
    if (this.#keptCharacters > KEPT_CHARACTERS_MAX) this.#items.clear();
  }

  #print({ type, ...fields }: JsonObject & { readonly type: string }): string {
    this.#sequenceNumber += 1;
    return printFrame(type, JSON.stringify({ type, sequence_number: this.#sequenceNumber, ...fields }));
  }
}

const ENDS: ReadonlySet<string> = new Set([
  'response.completed',
  'response.incomplete',
  'response.done',
  'response.failed',
]);

/** Fields that a client set itself are not repeated: none reads them back. */
function responseOf(begun: JsonObject, context: ReplyContext): JsonObject {
  const { id, created_at, model } = begun;
  return {
    ...responseObject(stringOf(id) || `resp_${context.requestId.replace(/^req_/, '')}`, context),
    ...(typeof created_at === 'number' && { created_at }),
    ...(typeof model === 'string' && { model }),
  };
}
