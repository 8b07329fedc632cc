// What becomes of the bytes of a stream on their way: the same dialect passes them through and only watches, another
// reads them into events and writes those. Either way only complete frames come out, one piece for each chunk.

import {
  type CallWatch,
  callWatch,
  type Dialect,
  type Event,
  type Frame,
  InvalidReply,
  openaiResponses,
  type ProviderError,
  parseFrame,
  type ReplyContext,
  type Request,
  SseSplitter,
  type StreamStopper,
  type Usage,
} from '@ai-switch/dialects';
import type { Fault } from '@ai-switch/kernel';
import { EMPTY_ANSWER, isEmptyAnswer, wordsOf } from './answer.ts';
import type { EdgeSettings } from './config.ts';
import type { Exchange } from './exchange.ts';
import { CallHold } from './intercept/call-hold.ts';
import { EventCalls } from './intercept/event-calls.ts';
import type { Inspector } from './intercept/inspector.ts';
import type { OutputTally } from './output-tally.ts';

export interface Lane {
  /** What the client gets for these bytes; undefined for nothing yet. @throws InvalidReply, FrameTooLarge */
  push(chunk: Buffer): Buffer | string | undefined;
  /** Call once when the bytes end. */
  end(): Buffer | string | undefined;
  /** True once there was something of the answer itself: from here on nobody else can be asked. */
  readonly hasBegun: boolean;
  /** True once the answer is complete. */
  readonly isFinished: boolean;
  /** The provider's dialect has no last frame, so that the end of the bytes may be the end of the answer. */
  readonly isEndSilent: boolean;
  /** What ends the stream properly when the provider left its end out; '' when it did not. */
  readonly missingEnd: string;
  /** What the provider gave up with; nothing of it or after it comes out. */
  readonly error: ProviderError | undefined;
  /** Why a rule keeps the rest of the answer from the client; nothing comes out any more, and what is pushed is metered. */
  readonly blocked: Fault | undefined;
  readonly usage: Usage | undefined;
  /** The id that the client knows a response of Responses by, once it does; else ''. */
  readonly replyId: string;
  /** What was delivered of the answer. */
  readonly tally: OutputTally;
  /**
   * Ends the answer in the middle, as one that reached its maximum. Nothing may be pushed after it.
   * @param usage what it cost up to here
   * @returns what the client gets to its end
   */
  stop(usage: Usage): string;
}

/**
 * @param watch sees each frame that goes through
 * @param stopper of a stream that may have to be stopped
 * @param inspector of the answer's tool calls, where rules cover them
 */
export function passThroughLane(
  dialect: Dialect,
  request: Request,
  watch: ((frame: Frame) => void) | undefined,
  settings: EdgeSettings,
  tally: OutputTally,
  stopper?: StreamStopper,
  inspector?: Inspector,
): Lane {
  return new PassThroughLane(dialect, request, watch, settings, tally, stopper, inspector);
}

/** @param translate what an event of the provider's becomes on its way, before it is written */
export function conversionLane(
  from: Dialect,
  exchange: Exchange,
  request: Request,
  translate: Translate,
  settings: EdgeSettings,
  tally: OutputTally,
): Lane {
  return new ConversionLane(
    from,
    exchange.dialect,
    replyContext(exchange, request),
    translate,
    settings,
    tally,
    exchange.inspector,
  );
}

export type Translate = (event: Event) => readonly Event[];

export function replyContext(exchange: Exchange, request: Request): ReplyContext {
  return {
    requestId: exchange.requestId,
    model: request.model,
    createdAtMs: Number(exchange.record.startedAtMs),
    isStreamUsageWanted: request.isStreamUsageWanted,
    isEncryptedReasoningWanted: request.isEncryptedReasoningWanted ?? false,
    isCompaction: request.isCompaction ?? false,
    ...(exchange.onOutput !== undefined && { onOutput: exchange.onOutput }),
  };
}

class PassThroughLane implements Lane {
  readonly #splitter: SseSplitter;
  readonly #meter: ReturnType<Dialect['streamMeter']>;
  readonly #watch: ((frame: Frame) => void) | undefined;
  readonly #stopper: StreamStopper | undefined;
  readonly #calls: CallWatch | undefined;
  readonly #hold: CallHold<Passing> | undefined;
  /** The frame that ends a stream, and how it is told: by its name, or by its data where frames have none. */
  readonly #end: Frame;
  readonly isEndSilent = false;
  readonly tally: OutputTally;
  readonly #isOfResponses: boolean;
  missingEnd: string;
  hasBegun = false;
  replyId = '';

  constructor(
    dialect: Dialect,
    request: Request,
    watch: ((frame: Frame) => void) | undefined,
    settings: EdgeSettings,
    tally: OutputTally,
    stopper: StreamStopper | undefined,
    inspector: Inspector | undefined,
  ) {
    this.tally = tally;
    this.#stopper = stopper;
    this.#splitter = new SseSplitter(settings);
    this.#meter = dialect.streamMeter(request);
    this.#watch = watch;
    this.missingEnd = dialect.streamEnd;
    this.#isOfResponses = dialect === openaiResponses;
    this.#end = parseFrame(Buffer.from(dialect.streamEnd));
    this.#calls = inspector && callWatch(dialect.name);
    this.#hold = inspector && new CallHold(inspector, settings.interceptHeldBytesMax);
  }

  get blocked(): Fault | undefined {
    return this.#hold?.blocked;
  }

  get isFinished(): boolean {
    return this.#meter.isFinished;
  }

  get error(): ProviderError | undefined {
    return this.#meter.error;
  }

  get usage(): Usage | undefined {
    return this.#meter.usage;
  }

  push(chunk: Buffer): Buffer | undefined {
    return this.#pass(this.#splitter.push(chunk));
  }

  end(): Buffer | undefined {
    const last = this.#splitter.end();
    const isLastWanted = last !== undefined && isWhole(parseFrame(last));
    const passed = isLastWanted ? this.#pass([last]) : undefined;
    const held = this.#calls && this.#hold?.end(this.#calls.end());
    if (held === undefined || held.length === 0) return passed && Buffer.concat([passed, FRAME_END]);
    const rest: Buffer[] = [];
    for (const one of held) this.#release(one, rest);
    return Buffer.concat(isLastWanted ? [...rest, FRAME_END] : rest);
  }

  stop(usage: Usage): string {
    const end = this.#stopper?.stop(usage) ?? '';
    this.missingEnd = '';
    return end;
  }

  #pass(frames: readonly Buffer[]): Buffer | undefined {
    const meter = this.#meter;
    const wanted: Buffer[] = [];
    for (const bytes of frames) {
      const frame = parseFrame(bytes);
      const before = meter.usage;
      const isWanted = meter.observe(frame);
      if (meter.error !== undefined) break;
      this.tally.add(meter.words);
      if (meter.usage !== undefined && meter.usage !== before) this.tally.provide(meter.usage);
      if (!this.hasBegun && bytes[0] === OBJECT_START) throw new InvalidReply('a whole reply, no stream');
      if (this.#isOfResponses && this.replyId === '') this.replyId = responseIdIn(frame);
      this.#watch?.(frame);
      const passing = { frame, bytes, isWanted };
      if (this.#calls === undefined || this.#hold === undefined) this.#release(passing, wanted);
      else {
        const calls = this.#calls.observe(frame);
        for (const one of this.#hold.pass(passing, bytes.length, calls, this.#calls.isOpen))
          this.#release(one, wanted);
        if (this.#hold.isHolding) continue;
      }
      this.hasBegun ||= meter.outputCharacters > 0 || meter.isFinished;
    }
    return joined(wanted);
  }

  #release({ frame, bytes, isWanted }: Passing, wanted: Buffer[]): void {
    this.#stopper?.observe(frame);
    if (isWanted) wanted.push(bytes);
    if (this.#isEnd(frame)) this.missingEnd = '';
  }

  /** A dialect without a last frame ends with an empty one, which no provider sends. */
  #isEnd({ event, data }: Frame): boolean {
    if (this.missingEnd === '') return false;
    return this.#end.event === '' ? data === this.#end.data : event === this.#end.event;
  }
}

/** It stands first in every known server's first event. */
function responseIdIn({ data }: Frame): string {
  return /"id"\s*:\s*"(resp_[^"\\]+)"/.exec(data.slice(0, 512))?.[1] ?? '';
}

interface Passing {
  readonly frame: Frame;
  readonly bytes: Buffer;
  /** The client asked for it. */
  readonly isWanted: boolean;
}

const OBJECT_START = '{'.charCodeAt(0);

/** Half of a frame would be closed by the error behind it, and read as one: clients fail on it and never see the error. */
function isWhole({ data }: Frame): boolean {
  if (data === '[DONE]') return true;
  try {
    return data !== '' && data.split('\n').every((line) => JSON.parse(line) !== undefined);
  } catch {
    return false;
  }
}

const FRAME_END = Buffer.from('\n\n');

/** Frames of one chunk stand side by side in memory, so that joining them copies nothing unless one was cut out. */
function joined(frames: readonly Buffer[]): Buffer | undefined {
  const [first] = frames;
  if (first === undefined || frames.length === 1) return first;
  let end = first.byteOffset;
  for (const frame of frames) {
    if (frame.buffer !== first.buffer || frame.byteOffset !== end) return Buffer.concat(frames);
    end += frame.length;
  }
  return Buffer.from(first.buffer, first.byteOffset, end - first.byteOffset);
}

class ConversionLane implements Lane {
  readonly #splitter: SseSplitter;
  readonly #reader: ReturnType<Dialect['streamReader']>;
  readonly #writer: ReturnType<Dialect['streamWriter']>;
  readonly #translate: Translate;
  readonly #calls: EventCalls | undefined;
  readonly #hold: CallHold<Event> | undefined;
  readonly isEndSilent: boolean;
  readonly missingEnd = '';
  readonly tally: OutputTally;
  /** The part that the client has open. */
  #openPart: number | undefined;
  #hasPart = false;
  hasBegun = false;
  replyId = '';
  isFinished = false;
  error: ProviderError | undefined;
  usage: Usage | undefined;

  constructor(
    from: Dialect,
    to: Dialect,
    context: ReplyContext,
    translate: Translate,
    settings: EdgeSettings,
    tally: OutputTally,
    inspector: Inspector | undefined,
  ) {
    this.tally = tally;
    this.#splitter = new SseSplitter(settings);
    this.#calls = inspector && new EventCalls();
    this.#hold = inspector && new CallHold(inspector, settings.interceptHeldBytesMax);
    this.#reader = from.streamReader();
    this.#writer = to.streamWriter(context);
    this.#translate = translate;
    this.isEndSilent = from.streamEnd === '';
  }

  get blocked(): Fault | undefined {
    return this.#hold?.blocked;
  }

  push(chunk: Buffer): string | undefined {
    let text = '';
    for (const frame of this.#splitter.push(chunk))
      text += this.#convert(this.#reader.read(parseFrame(frame)));
    return text === '' ? undefined : text;
  }

  end(): string | undefined {
    const last = this.#splitter.end();
    let text = last === undefined ? '' : this.#convert(this.#reader.read(parseFrame(last)));
    text += this.#convert(this.#reader.end());
    if (this.#calls !== undefined)
      for (const event of this.#hold?.end(this.#calls.end()) ?? []) text += this.#write(event);
    return text === '' ? undefined : text;
  }

  #convert(events: readonly Event[]): string {
    let text = '';
    for (const event of events) {
      if (this.error !== undefined) break;
      if (event.type === 'error') {
        this.error = event.error;
        break;
      }
      if (event.type === 'finish' && !this.#hasPart && isEmptyAnswer(event.reason)) {
        this.error = EMPTY_ANSWER;
        break;
      }
      // What the provider sent is what it charges for, also where it is restored to something shorter.
      this.tally.add(wordsOf(event));
      if (event.type === 'usage') {
        this.usage = event.usage;
        this.tally.provide(event.usage);
      } else if (event.type === 'finish') this.isFinished = true;
      else if (event.type === 'start' && event.id.startsWith('resp_')) this.replyId = event.id;
      this.#hasPart ||= event.type === 'partStart' || event.type === 'finish';
      for (const translated of this.#translate(event)) text += this.#pass(translated);
      this.hasBegun ||= this.#hasPart && this.#hold?.isHolding !== true;
    }
    return text;
  }

  stop(usage: Usage): string {
    const index = this.#openPart;
    const closed = index === undefined ? '' : this.#write({ type: 'partStop', index });
    return closed + this.#write({ type: 'usage', usage }) + this.#write({ type: 'finish', reason: 'length' });
  }

  #pass(event: Event): string {
    if (this.#calls === undefined || this.#hold === undefined) return this.#write(event);
    const calls = this.#calls.observe(event);
    const bytes = 'text' in event ? event.text.length : EVENT_BYTES;
    let text = '';
    for (const one of this.#hold.pass(event, bytes, calls, this.#calls.isOpen)) text += this.#write(one);
    return text;
  }

  #write(event: Event): string {
    if (event.type === 'partStart') this.#openPart = event.index;
    else if (event.type === 'partStop') this.#openPart = undefined;
    return this.#writer.write(event);
  }
}

/** Of an event without text. */
const EVENT_BYTES = 64;
