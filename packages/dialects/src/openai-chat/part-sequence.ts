// Providers interleave the pieces of parallel tool calls; every writer and most clients want one part after another.
// Invariant: events leave here with one part open at a time, indexes from 0 without gaps. The first open part streams,
// later ones wait until it is complete; nothing is lost but what follows the complete arguments of a closed call.

import { parseJson } from '../json/narrow.ts';
import type { Event, PartStart } from '../model/event.ts';

export interface SequencedPart {
  readonly start: PartStart;
  /** All that came for it. Tool calls only, whose completeness is judged by it. */
  text: string;
  /** What came and was not passed on yet. */
  waiting: string;
}

export class PartSequence {
  readonly #parts: SequencedPart[] = [];
  /** The part that streams; those before it are closed. */
  #head = 0;
  #isHeadOpen = false;
  #hasHeadChanged = false;

  begin(start: PartStart, events: Event[]): SequencedPart {
    const part: SequencedPart = { start, text: '', waiting: '' };
    this.#parts.push(part);
    this.#hasHeadChanged = true;
    this.#advance(events);
    return part;
  }

  /** The last part when it is of this kind, else a new one. */
  continueOrBegin(kind: 'text' | 'thinking', events: Event[]): SequencedPart {
    const last = this.#parts.at(-1);
    return last?.start.kind === kind && this.#parts.length > this.#head ? last : this.begin({ kind }, events);
  }

  add(part: SequencedPart, text: string, events: Event[]): void {
    if (part.start.kind === 'toolCall') part.text += text;
    const head = this.#parts[this.#head];
    if (part === head) {
      this.#hasHeadChanged = true;
      events.push(delta(this.#head, part.start, text));
      this.#advance(events);
    } else if (this.#parts.indexOf(part, this.#head) !== -1) part.waiting += text;
  }

  /** Closes everything, in order. */
  closeAll(events: Event[]): void {
    while (this.#head < this.#parts.length) {
      this.#open(events);
      this.#close(events);
    }
  }

  #advance(events: Event[]): void {
    this.#open(events);
    while (this.#head + 1 < this.#parts.length && this.#hasHeadChanged) {
      this.#hasHeadChanged = false;
      const head = this.#parts[this.#head];
      if (head === undefined || !isComplete(head)) return;
      this.#close(events);
      this.#open(events);
      this.#hasHeadChanged = true;
    }
  }

  #open(events: Event[]): void {
    const part = this.#parts[this.#head];
    if (part === undefined || this.#isHeadOpen) return;
    this.#isHeadOpen = true;
    events.push({ type: 'partStart', index: this.#head, part: part.start });
    if (part.waiting !== '') events.push(delta(this.#head, part.start, part.waiting));
    part.waiting = '';
  }

  #close(events: Event[]): void {
    const part = this.#parts[this.#head];
    if (part?.start.kind === 'toolCall' && part.start.form !== 'custom' && part.text.trim() === '') {
      events.push({ type: 'argumentsDelta', index: this.#head, text: '{}' });
    }
    events.push({ type: 'partStop', index: this.#head });
    this.#head += 1;
    this.#isHeadOpen = false;
  }
}

function delta(index: number, start: PartStart, text: string): Event {
  if (start.kind === 'toolCall') return { type: 'argumentsDelta', index, text };
  return start.kind === 'thinking'
    ? { type: 'thinkingDelta', index, text }
    : { type: 'textDelta', index, text };
}

/** A call may still grow until its arguments are whole; text ends when something else begins. */
function isComplete(part: SequencedPart): boolean {
  if (part.start.kind !== 'toolCall') return true;
  // Free text says itself when it ends by nothing but the end of the answer.
  return (
    part.start.form !== 'custom' && part.text.trimEnd().endsWith('}') && parseJson(part.text) !== undefined
  );
}
