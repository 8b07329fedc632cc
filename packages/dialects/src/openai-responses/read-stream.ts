// https://platform.openai.com/docs/api-reference/responses-streaming

import type { Frame, StreamReader } from '../dialect.ts';
import { bodiesIn } from '../frames/frame-bodies.ts';
import { isObject, listOf, numberOf, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import type { Event, ProviderError } from '../model/event.ts';
import { errorIn } from '../model/provider-error.ts';
import { ItemSequence } from './item-sequence.ts';
import { readFinish } from './stop.ts';
import { readUsageObject } from './usage.ts';

export class ResponsesStreamReader implements StreamReader {
  readonly #items = new ItemSequence();
  #hasStarted = false;
  #hasEnded = false;

  read(frame: Frame): readonly Event[] {
    if (this.#hasEnded) return [];
    const data = frame.data.trim();
    if (data === '' || data === '[DONE]') return [];
    const events: Event[] = [];
    // What stands below an event is no piece of it: an error whose blank line is missing.
    bodiesIn(data).forEach((body, at) => {
      if (this.#hasEnded) return;
      if (body === undefined) this.#fail({ code: 'upstream', message: BROKEN_EVENT }, events);
      else this.readEvent(body, events, at === 0 ? frame.event : '');
    });
    return events;
  }

  readEvent(body: JsonValue, events: Event[], name = ''): void {
    const event = objectOf(body);
    if (event === undefined) return;
    const type = stringOf(event.type) ?? name;
    const item = objectOf(event.item);
    switch (type) {
      case 'response.created':
      case 'response.in_progress':
      case 'response.queued':
        this.#start(objectOf(event.response), events);
        return;
      case 'response.output_item.added':
        this.#start(undefined, events);
        if (item !== undefined) this.#items.add(keyOf(event, item), item, events);
        return;
      case 'response.output_item.done':
        this.#start(undefined, events);
        if (item !== undefined) this.#endItem(keyOf(event, item), item, events);
        return;
      case 'response.reasoning_summary_part.added':
        // Parts of a summary stand apart, as they do in the finished item.
        if ((numberOf(event.summary_index) ?? 0) > 0) {
          this.#items.delta(keyOf(event, event), 'reasoning', '\n\n', events);
        }
        return;
      case 'response.completed':
      case 'response.incomplete':
      case 'response.done':
        this.#finish(objectOf(event.response) ?? {}, type, events);
        return;
      case 'response.failed':
        this.#count(objectOf(event.response), events);
        this.#fail(failureIn(objectOf(event.response)), events);
        return;
      default:
        this.#readOther(type, event, events);
    }
  }

  #readOther(type: string, event: JsonObject, events: Event[]): void {
    const piece = PIECES.get(type);
    if (piece !== undefined) {
      this.#start(undefined, events);
      const [itemType, field] = piece;
      const text = stringOf(event[field]) ?? '';
      if (field === 'delta') this.#items.delta(keyOf(event, event), itemType, text, events);
      else this.#items.whole(keyOf(event, event), text, events);
    } else if (!type.startsWith('response.')) {
      const error = errorIn(200, event, type === 'error');
      if (error !== undefined) this.#fail(error, events);
    }
  }

  end(): readonly Event[] {
    if (this.#hasEnded) return [];
    const events: Event[] = [];
    this.#items.closeAll(events);
    this.#fail(
      { code: 'upstream', message: 'The provider ended its answer before it was complete.' },
      events,
    );
    return events;
  }

  #start(response: JsonObject | undefined, events: Event[]): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    const id = stringOf(response?.id) ?? '';
    this.#items.replyId = id;
    events.push({ type: 'start', id, model: stringOf(response?.model) ?? '' });
  }

  #endItem(key: string, item: JsonObject, events: Event[]): void {
    if (this.#hasEnded) return;
    this.#items.done(key, item, events);
    if (this.#items.hasBrokenCall) this.#fail({ code: 'upstream', message: BROKEN_CALL }, events);
  }

  /** Some servers send items only here. */
  #finish(response: JsonObject, type: string, events: Event[]): void {
    this.#start(response, events);
    listOf(response.output)
      .filter(isObject)
      .forEach((item, at) => {
        this.#endItem(String(at), item, events);
      });
    if (this.#hasEnded) return;
    this.#items.closeAll(events);
    this.#count(response, events);
    const { hasToolCall, hasRefusal } = this.#items;
    const isIncomplete = type === 'response.incomplete' || response.status === 'incomplete';
    const reason = stringOf(objectOf(response.incomplete_details)?.reason) ?? (isIncomplete ? '' : undefined);
    this.#hasEnded = true;
    events.push({ type: 'finish', reason: readFinish(reason, { hasToolCall, hasRefusal }) });
  }

  #count(response: JsonObject | undefined, events: Event[]): void {
    const usage = readUsageObject(response?.usage);
    if (usage !== undefined) events.push({ type: 'usage', usage });
  }

  #fail(error: ProviderError, events: Event[]): void {
    this.#hasEnded = true;
    events.push({ type: 'error', error });
  }
}

/** Events with a piece of an item: the item's type, and the field that holds the piece or all of it. */
const PIECES: ReadonlyMap<string, readonly [string, 'delta' | 'text' | 'refusal' | 'arguments' | 'input']> =
  new Map([
    ['response.output_text.delta', ['message', 'delta']],
    ['response.refusal.delta', ['message', 'delta']],
    ['response.reasoning_summary_text.delta', ['reasoning', 'delta']],
    ['response.reasoning_text.delta', ['reasoning', 'delta']],
    ['response.function_call_arguments.delta', ['function_call', 'delta']],
    ['response.function_call_arguments.done', ['function_call', 'arguments']],
    ['response.custom_tool_call_input.delta', ['custom_tool_call', 'delta']],
    ['response.custom_tool_call_input.done', ['custom_tool_call', 'input']],
  ]);

const BROKEN_CALL = 'The provider sent a call whose pieces are not what it says at the end.';
const BROKEN_EVENT = 'The provider broke off in the middle of an event, or sent one that is not JSON.';

/** The place in the output names an item best: some servers change its id on the way, or send none with the pieces. */
function keyOf(event: JsonObject, item: JsonObject): string {
  const index = numberOf(event.output_index);
  if (index !== undefined) return String(index);
  return stringOf(event.item_id) ?? stringOf(item.id) ?? '0';
}

export function failureIn(response: JsonObject | undefined): ProviderError {
  const error = objectOf(response?.error);
  const found = error === undefined ? undefined : errorIn(200, { error }, true);
  return found ?? { code: 'unavailable', message: 'The provider could not finish its answer.' };
}
