// https://platform.openai.com/docs/api-reference/chat/streaming

import type { Frame, StreamReader } from '../dialect.ts';
import { isObject, listOf, objectOf, parseJson, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import type { Event, ProviderError } from '../model/event.ts';
import { errorIn } from '../model/provider-error.ts';
import { isThinkTagOpenedByTemplate } from './model-family.ts';
import { PartSequence } from './part-sequence.ts';
import { ThinkingDeltas } from './reasoning-details.ts';
import { readFinishReason, stopSequenceOf } from './stop.ts';
import { ThinkTagSplitter, type ThoughtAndText } from './think-tag.ts';
import { ToolCallAssembler } from './tool-calls.ts';
import { readUsageObject } from './usage.ts';

/**
 * Reads the first choice. `finish` is told last, after usage, wherever the provider put that: at `[DONE]` or when the
 * bytes end.
 */
export class ChatStreamReader implements StreamReader {
  readonly #sequence = new PartSequence();
  readonly #toolCalls = new ToolCallAssembler(this.#sequence);
  readonly #thinkTag = new ThinkTagSplitter();
  readonly #thinkingDeltas = new ThinkingDeltas();
  /** What the hub cannot hold, named once each. */
  readonly #dropped = new Set<string>();
  #id: string | undefined;
  #finishWord = '';
  #stopSequence: string | undefined;
  #hasRefusal = false;
  #hasEnded = false;

  read(frame: Frame): readonly Event[] {
    if (this.#hasEnded) return [];
    const data = frame.data.trim();
    if (data === '') return [];
    const events: Event[] = [];
    if (data === '[DONE]') {
      this.#finish(events);
      return events;
    }
    const body = parseJson(data);
    if (body !== undefined) this.readChunk(body, events, frame.event === 'error');
    else if (data.includes('\n')) {
      // An error whose blank line is missing stands on the line after the last chunk.
      for (const line of data.split('\n')) events.push(...this.read({ event: frame.event, data: line }));
    } else this.#fail({ code: 'upstream', message: BROKEN_CHUNK }, events);
    return events;
  }

  /** @param body a chunk, or a whole reply whose messages are named `delta` */
  readChunk(body: JsonValue, events: Event[], isError = false): void {
    const chunk = objectOf(body);
    const error = errorIn(200, body, isError);
    if (error !== undefined) {
      this.#fail(error, events);
      return;
    }
    if (chunk === undefined) return;
    const choices = listOf(chunk.choices).filter(isObject);
    const choice = choices.find(({ index = 0 }) => index === 0);
    const usage = readUsageObject(chunk.usage ?? choice?.usage);
    if (choice !== undefined || usage !== undefined) this.#start(chunk, events);
    if (choice !== undefined) this.#readChoice(choice, events);
    if (choices.some(({ index = 0 }) => index !== 0)) this.#drop('choices', events);
    if (usage !== undefined) events.push({ type: 'usage', usage });
  }

  end(): readonly Event[] {
    if (this.#hasEnded) return [];
    const events: Event[] = [];
    if (this.#finishWord !== '') this.#finish(events);
    else {
      this.#closeParts(events);
      this.#fail(
        { code: 'upstream', message: 'The provider ended its answer before it was complete.' },
        events,
      );
    }
    return events;
  }

  #start(chunk: JsonObject, events: Event[]): void {
    if (this.#id !== undefined) return;
    this.#id = stringOf(chunk.id) ?? '';
    const model = stringOf(chunk.model) ?? '';
    this.#thinkTag.isOpenedByTemplate = isThinkTagOpenedByTemplate(model);
    events.push({ type: 'start', id: this.#id, model });
  }

  #readChoice(choice: JsonObject, events: Event[]): void {
    const delta = objectOf(choice.delta) ?? {};
    const thinking = this.#thinkingDeltas.read(delta);
    // Whoever takes thinking apart by itself leaves no tag behind.
    if (thinking !== '') this.#thinkTag.isOpenedByTemplate = false;
    this.#thinking(thinking, events);
    const content = contentIn(delta.content);
    if (content !== '') this.#tell(this.#thinkTag.push(content), events);
    const refusal = stringOf(delta.refusal) ?? '';
    if (refusal !== '') {
      this.#hasRefusal = true;
      this.#text(refusal, events);
    }
    const calls = toolCallsIn(delta);
    if (calls.length > 0) this.#tell(this.#thinkTag.settle(), events);
    for (const call of calls) this.#toolCalls.read(call, this.#id ?? '', events);
    this.#nameDropped(choice, delta, events);
    const word = stringOf(choice.finish_reason) ?? '';
    if (word !== '') {
      this.#finishWord = word;
      this.#stopSequence = stopSequenceOf(choice.stop_reason);
      this.#closeParts(events);
    }
  }

  #thinking(text: string, events: Event[]): void {
    if (text === '') return;
    this.#sequence.add(this.#sequence.continueOrBegin('thinking', events), text, events);
  }

  #text(text: string, events: Event[]): void {
    if (text === '') return;
    this.#sequence.add(this.#sequence.continueOrBegin('text', events), text, events);
  }

  #nameDropped(choice: JsonObject, delta: JsonObject, events: Event[]): void {
    const found = [
      ['logprobs', choice.logprobs],
      ...['annotations', 'audio', 'images'].map((name) => [name, delta[name]] as const),
    ] as const;
    for (const [name, value] of found) if (holdsSomething(value)) this.#drop(name, events);
  }

  #drop(name: string, events: Event[]): void {
    if (this.#dropped.has(name)) return;
    this.#dropped.add(name);
    events.push({ type: 'dropped', name });
  }

  #tell({ thinking, text }: ThoughtAndText, events: Event[]): void {
    this.#thinking(thinking, events);
    this.#text(text, events);
  }

  #closeParts(events: Event[]): void {
    this.#tell(this.#thinkTag.end(), events);
    this.#sequence.closeAll(events);
  }

  #finish(events: Event[]): void {
    this.#closeParts(events);
    const reason = readFinishReason(this.#finishWord, {
      hasToolCall: this.#toolCalls.count > 0,
      hasRefusal: this.#hasRefusal,
    });
    if (reason === 'error') {
      const message = `The provider broke off its answer: ${this.#finishWord}.`;
      this.#fail({ code: 'unavailable', message }, events);
    } else {
      this.#hasEnded = true;
      const stopSequence = reason === 'stop' ? this.#stopSequence : undefined;
      events.push(
        stopSequence === undefined
          ? { type: 'finish', reason }
          : { type: 'finish', reason: 'stopSequence', stopSequence },
      );
    }
  }

  #fail(error: ProviderError, events: Event[]): void {
    this.#hasEnded = true;
    events.push({ type: 'error', error });
  }
}

const BROKEN_CHUNK = 'The provider broke off in the middle of a chunk, or sent one that is not JSON.';

/** A string, or Mistral's list of text parts. */
function contentIn(value: JsonValue | undefined): string {
  if (typeof value === 'string') return value;
  return listOf(value)
    .map((part) => (typeof part === 'string' ? part : (stringOf(objectOf(part)?.text) ?? '')))
    .join('');
}

function holdsSomething(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null) return false;
  return typeof value !== 'object' || Object.values(value).some(holdsSomething);
}

function toolCallsIn(delta: JsonObject): readonly JsonObject[] {
  const calls = listOf(delta.tool_calls)
    .map(objectOf)
    .filter((call) => call !== undefined);
  const legacy = objectOf(delta.function_call);
  return legacy === undefined ? calls : [...calls, { index: 0, function: legacy }];
}
