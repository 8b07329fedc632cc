// A reply is the fold of its events. The two functions are inverse for every reply whose arguments are not empty.

import { InvalidReply } from '../dialect.ts';
import type { Event, FinishReason, PartStart, ProviderError } from './event.ts';
import type { Reply } from './reply.ts';
import type { Usage } from './usage.ts';

/** @throws InvalidReply when the events end in an error or before `finish` */
export function fold(events: Iterable<Event>): Reply {
  const folder = new ReplyFolder();
  for (const event of events) folder.add(event);
  return folder.reply();
}

/** Folds as the events come: for a client that asked no stream of a provider that gives nothing else. */
export class ReplyFolder {
  #id = '';
  #model = '';
  readonly #parts: OpenPart[] = [];
  #finish: FinishReason | undefined;
  #stopSequence: string | undefined;
  #usage: Usage | undefined;
  #error: ProviderError | undefined;

  add(event: Event): void {
    switch (event.type) {
      case 'start':
        this.#id = event.id;
        this.#model = event.model;
        return;
      case 'partStart':
        this.#parts[event.index] = { start: event.part, texts: [], signature: undefined };
        return;
      case 'textDelta':
      case 'thinkingDelta':
      case 'argumentsDelta':
        this.#part(event.index).texts.push(event.text);
        return;
      case 'signature':
        this.#part(event.index).signature = event.signature;
        return;
      case 'usage':
        this.#usage = event.usage;
        return;
      case 'finish':
        this.#finish = event.reason;
        this.#stopSequence = event.stopSequence;
        return;
      case 'error':
        this.#error = event.error;
        return;
      case 'partStop':
      case 'dropped':
      case 'ping':
        return;
    }
  }

  /** The provider's error, when the events ended in one. */
  get error(): ProviderError | undefined {
    return this.#error;
  }

  /** @throws InvalidReply when the events ended in an error or before `finish` */
  reply(): Reply {
    if (this.#error !== undefined) throw new InvalidReply(this.#error.message);
    if (this.#finish === undefined) throw new InvalidReply('The answer ended before it was complete.');
    return {
      id: this.#id,
      model: this.#model,
      parts: this.#parts.map(closePart),
      finish: this.#finish,
      ...(this.#stopSequence !== undefined && { stopSequence: this.#stopSequence }),
      ...(this.#usage !== undefined && { usage: this.#usage }),
    };
  }

  #part(index: number): OpenPart {
    const part = this.#parts[index];
    if (part === undefined) throw new InvalidReply(`A piece came for part ${index}, which never began.`);
    return part;
  }
}

/** The events that a reply would have streamed. */
export function unfold(reply: Reply): Event[] {
  const events: Event[] = [{ type: 'start', id: reply.id, model: reply.model }];
  reply.parts.forEach((part, index) => {
    events.push(...unfoldPart(part, index), { type: 'partStop', index });
  });
  if (reply.usage !== undefined) events.push({ type: 'usage', usage: reply.usage });
  const stopSequence = reply.stopSequence === undefined ? {} : { stopSequence: reply.stopSequence };
  events.push({ type: 'finish', reason: reply.finish, ...stopSequence });
  return events;
}

type ReplyPart = Reply['parts'][number];

interface OpenPart {
  readonly start: PartStart;
  readonly texts: string[];
  signature: string | undefined;
}

function closePart(part: OpenPart): ReplyPart {
  const { start } = part;
  const text = part.texts.join('');
  switch (start.kind) {
    case 'text':
      return { kind: 'text', text };
    case 'thinking':
      return {
        kind: 'thinking',
        text,
        ...(part.signature !== undefined && { signature: part.signature }),
      };
    case 'redactedThinking':
      return { kind: 'redactedThinking', data: start.data };
    case 'toolCall':
      return { ...start, argumentsText: text === '' && start.form !== 'custom' ? '{}' : text };
  }
}

function unfoldPart(part: ReplyPart, index: number): Event[] {
  switch (part.kind) {
    case 'text': {
      const start: Event = { type: 'partStart', index, part: { kind: 'text' } };
      return part.text === '' ? [start] : [start, { type: 'textDelta', index, text: part.text }];
    }
    case 'thinking': {
      const events: Event[] = [{ type: 'partStart', index, part: { kind: 'thinking' } }];
      if (part.text !== '') events.push({ type: 'thinkingDelta', index, text: part.text });
      if (part.signature !== undefined) events.push({ type: 'signature', index, signature: part.signature });
      return events;
    }
    case 'redactedThinking':
      return [{ type: 'partStart', index, part: { kind: 'redactedThinking', data: part.data } }];
    case 'toolCall': {
      const { argumentsText, cacheControl: _, ...start } = part;
      const text = argumentsText === '' && part.form !== 'custom' ? '{}' : argumentsText;
      const began: Event = { type: 'partStart', index, part: start };
      return text === '' ? [began] : [began, { type: 'argumentsDelta', index, text }];
    }
  }
}
