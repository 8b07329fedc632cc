// Ends a stream in the middle as the provider itself does at `max_tokens`: what is open is closed as it stands. Half of a
// call stays half: "the truncated response contains an incomplete tool use block", which clients know by the stop reason.
// https://docs.claude.com/en/api/handling-stop-reasons (seen 2026-11-23)

import type { Frame, ReplyContext, StreamStopper } from '../dialect.ts';
import { bodiesIn } from '../frames/frame-bodies.ts';
import { numberOf, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject } from '../json/value.ts';
import type { Usage } from '../model/usage.ts';
import { print } from './block-printer.ts';
import { typeIn } from './meter.ts';
import { writeUsageObject } from './usage.ts';
import { MessagesStreamWriter } from './write-stream.ts';

export class MessagesStreamStopper implements StreamStopper {
  readonly #context: ReplyContext;
  readonly #openBlocks = new Set<number>();
  #hasStarted = false;
  #hasStopReason = false;
  #hasEnded = false;

  constructor(context: ReplyContext) {
    this.#context = context;
  }

  observe({ event, data }: Frame): void {
    const type = event || typeIn(data);
    // Nearly all of a stream: nothing begins or ends with them.
    if (data === '' || (type === 'content_block_delta' && !data.includes('\n'))) return;
    for (const body of bodiesIn(data)) {
      const fields = objectOf(body);
      if (fields !== undefined) this.#observeParsed(fields, event);
    }
  }

  stop(usage: Usage): string {
    if (this.#hasEnded) return '';
    this.#hasEnded = true;
    if (!this.#hasStarted) {
      const writer = new MessagesStreamWriter(this.#context);
      return writer.write({ type: 'usage', usage }) + writer.write({ type: 'finish', reason: 'length' });
    }
    const end = print({ type: 'message_stop' });
    if (this.#hasStopReason) return end;
    const stops = [...this.#openBlocks].map((index) => print({ type: 'content_block_stop', index }));
    const delta = { stop_reason: 'max_tokens', stop_sequence: null };
    return `${stops.join('')}${print({ type: 'message_delta', delta, usage: writeUsageObject(usage) })}${end}`;
  }

  #observeParsed(body: JsonObject, name: string): void {
    const index = numberOf(body.index) ?? 0;
    switch (stringOf(body.type) ?? name) {
      case 'content_block_start':
        this.#openBlocks.add(index);
        break;
      case 'content_block_stop':
        this.#openBlocks.delete(index);
        break;
      case 'message_delta':
        this.#hasStopReason ||= Boolean(stringOf(objectOf(body.delta)?.stop_reason));
        break;
      case 'message_stop':
        this.#hasEnded = true;
        break;
      case 'message_start':
      case 'content_block_delta':
        break;
      default:
        return;
    }
    this.#hasStarted = true;
  }
}
