// https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent

import type { Frame, StreamReader } from '../dialect.ts';
import { bodiesIn } from '../frames/frame-bodies.ts';
import { isObject, listOf, objectOf, stringOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import type { Event, ProviderError } from '../model/event.ts';
import { errorIn } from '../model/provider-error.ts';
import { PartSequence } from './part-sequence.ts';
import { readFinishReason } from './stop.ts';
import { readUsageObject } from './usage.ts';

/** Reads the first candidate. This dialect has no mark of the end, so `finish` is told when the bytes end. */
export class GeminiStreamReader implements StreamReader {
  readonly #parts = new PartSequence();
  readonly #droppedNames = new Set<string>();
  #hasStarted = false;
  #finishWord = '';
  #finishMessage = '';
  #isPromptBlocked = false;
  #hasEnded = false;

  read(frame: Frame): readonly Event[] {
    const data = frame.data.trim();
    // Some gateways close this dialect with the mark of another.
    if (this.#hasEnded || data === '' || data === '[DONE]') return [];
    const events: Event[] = [];
    for (const body of bodiesIn(data)) {
      if (body !== undefined) this.readChunk(body, events);
      else if (!this.#hasEnded) this.#fail({ code: 'upstream', message: BROKEN_CHUNK }, events);
    }
    return events;
  }

  /** @param body a chunk, or a whole reply, or a list of chunks */
  readChunk(body: JsonValue, events: Event[]): void {
    if (this.#hasEnded) return;
    const error = errorIn(200, body, false);
    if (error !== undefined) {
      this.#fail(error, events);
      return;
    }
    if (Array.isArray(body)) {
      for (const chunk of listOf(body)) this.readChunk(chunk, events);
    } else if (isObject(body)) this.#readOne(body, events);
  }

  end(): readonly Event[] {
    if (this.#hasEnded) return [];
    const events: Event[] = [];
    this.#parts.close(events);
    if (this.#finishWord === '' && !this.#isPromptBlocked) {
      this.#fail(
        { code: 'upstream', message: 'The provider ended its answer before it was complete.' },
        events,
      );
    } else this.#finish(events);
    return events;
  }

  /** For a whole reply, whose end is its closing brace: a missing finish reason is an ordinary end. */
  endWhole(): readonly Event[] {
    if (!this.#hasEnded && this.#finishWord === '' && !this.#parts.isEmpty) this.#finishWord = 'STOP';
    return this.end();
  }

  #readOne(chunk: JsonObject, events: Event[]): void {
    const candidate = listOf(chunk.candidates)
      .map(objectOf)
      .find((one) => one !== undefined && (one.index ?? 0) === 0);
    const usage = readUsageObject(chunk.usageMetadata);
    const isBlocked = Boolean(stringOf(objectOf(chunk.promptFeedback)?.blockReason));
    if (candidate === undefined && usage === undefined && !isBlocked) return;
    this.#start(chunk, events);
    if (isBlocked) this.#isPromptBlocked = true;
    if (candidate !== undefined) this.#readCandidate(candidate, events);
    if (usage !== undefined) events.push({ type: 'usage', usage });
  }

  #start(chunk: JsonObject, events: Event[]): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    this.#parts.replyId = stringOf(chunk.responseId) ?? '';
    events.push({ type: 'start', id: this.#parts.replyId, model: stringOf(chunk.modelVersion) ?? '' });
  }

  #readCandidate(candidate: JsonObject, events: Event[]): void {
    const first = events.length;
    for (const part of listOf(objectOf(candidate.content)?.parts)) {
      if (isObject(part)) this.#parts.add(part, events);
    }
    for (const name of LOST_FIELDS) {
      if (isTold(candidate[name])) events.push({ type: 'dropped', name });
    }
    this.#dropOnce(first, events);
    const word = stringOf(candidate.finishReason) ?? '';
    if (word !== '' && word !== 'FINISH_REASON_UNSPECIFIED') {
      this.#finishWord = word;
      this.#finishMessage = stringOf(candidate.finishMessage) ?? '';
    }
  }

  /** Each chunk may repeat what is lost; it is reported once. */
  #dropOnce(first: number, events: Event[]): void {
    const fresh = events.splice(first).filter((event) => {
      if (event.type !== 'dropped') return true;
      return !this.#droppedNames.has(event.name) && this.#droppedNames.add(event.name);
    });
    events.push(...fresh);
  }

  #finish(events: Event[]): void {
    const isBlocked = this.#finishWord === '' && this.#isPromptBlocked;
    const reason = isBlocked ? 'refusal' : readFinishReason(this.#finishWord, this.#parts.hasToolCall);
    if (reason !== 'error') {
      this.#hasEnded = true;
      events.push({ type: 'finish', reason });
      return;
    }
    const why = this.#finishMessage === '' ? '' : ` ${this.#finishMessage}`;
    const message = `The provider broke off its answer: ${this.#finishWord}.${why}`;
    this.#fail({ code: 'unavailable', message: message.slice(0, MESSAGE_CHARACTERS_MAX) }, events);
  }

  #fail(error: ProviderError, events: Event[]): void {
    this.#hasEnded = true;
    events.push({ type: 'error', error });
  }
}

const BROKEN_CHUNK = 'The provider broke off in the middle of a chunk, or sent one that is not JSON.';
const MESSAGE_CHARACTERS_MAX = 1_000;

/** What a candidate says beside its parts, which the hub cannot hold. */
const LOST_FIELDS = ['groundingMetadata', 'citationMetadata', 'urlContextMetadata', 'logprobsResult'];

function isTold(value: JsonValue | undefined): boolean {
  return isObject(value) && Object.keys(value).length > 0;
}
