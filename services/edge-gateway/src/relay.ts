// Gives the answer to the client in the client's own dialect, by the lane that costs least:
//   same dialect, whole reply   the provider's bytes
//   other dialect, whole reply  the events that it would have streamed, folded and written anew
//   whole reply, stream wanted  the same events, written one by one
//   stream                      a lane of lanes.ts, chunk by chunk

import { type Event, fold, noUsage } from '@ai-switch/dialects';
import { type Answer, usageIn, wordsIn } from './answer.ts';
import { type Charge, chargeFor, type Delivered, type Outcome } from './charge.ts';
import type { EdgeParts } from './edge-parts.ts';
import type { Exchange } from './exchange.ts';
import { replyContext } from './lanes.ts';
import { OutputTally } from './output-tally.ts';
import type { Asked } from './read.ts';
import { refuse } from './refuse.ts';
import type { RequestHold } from './request-hold.ts';
import { watchStall } from './stall-watch.ts';
import { writeHead } from './write-head.ts';

/** @returns what the caller is charged for what was delivered */
export async function relay(
  edge: EdgeParts,
  exchange: Exchange,
  asked: Asked,
  answer: Answer,
  hold: RequestHold,
): Promise<Charge> {
  const { request } = asked;
  switch (answer.form) {
    case 'bytes': {
      const { usage, words } = answer;
      const delivered = { isComplete: true, usage, tally: tallyOf(edge, words) };
      noteUse(asked, hold, delivered);
      return chargeFor(edge, asked, sendWhole(edge, exchange, answer.bytes), delivered);
    }
    case 'events': {
      const { events } = answer;
      const delivered = { isComplete: true, usage: usageIn(events), tally: tallyOf(edge, wordsIn(events)) };
      noteUse(asked, hold, delivered);
      const outcome = request.isStreaming
        ? sendEvents(edge, exchange, asked, events)
        : sendWhole(edge, exchange, replyBytes(exchange, asked, events));
      return chargeFor(edge, asked, outcome, delivered);
    }
    case 'blocked': {
      const { fault, usage, words } = answer;
      refuse(edge, exchange, fault);
      return chargeFor(edge, asked, 'intercepted', { isComplete: true, usage, tally: tallyOf(edge, words) });
    }
    case 'stream': {
      const { stream } = answer;
      const outcome = await stream.flow();
      const { isFinished, usage, tally } = stream.lane;
      return chargeFor(edge, asked, outcome, { isComplete: isFinished, usage, tally });
    }
  }
}

/** In the spool before the client has it: a process that is killed meanwhile is charged for it. */
function noteUse({ inputTokensEstimate }: Asked, hold: RequestHold, { usage, tally }: Delivered): void {
  const known = usage ?? { ...noUsage, input: inputTokensEstimate, output: tally.tokens };
  hold.hold.finishing(hold.amountsOf(known));
}

function tallyOf(edge: EdgeParts, words: string): OutputTally {
  const tally = new OutputTally(edge.tokenCounter);
  tally.add(words);
  return tally;
}

function replyBytes(exchange: Exchange, { request }: Asked, events: readonly Event[]): Buffer {
  const body = exchange.dialect.writeReply(fold(events), replyContext(exchange, request));
  return Buffer.from(JSON.stringify(body));
}

function sendWhole(edge: EdgeParts, exchange: Exchange, reply: Buffer): Outcome {
  if (exchange.interruption === 'clientGone') return 'clientGone';
  const bytes = exchange.address?.isListWanted ? Buffer.concat([LIST_START, reply, LIST_END]) : reply;
  writeHead(exchange, 200, 'application/json', bytes.length);
  exchange.record.firstByteMs = exchange.elapsedMs();
  exchange.outgoing.end(bytes);
  watchStall(edge, exchange.outgoing);
  return 'completed';
}

function sendEvents(
  edge: EdgeParts,
  exchange: Exchange,
  { request }: Asked,
  events: readonly Event[],
): Outcome {
  if (exchange.interruption === 'clientGone') return 'clientGone';
  const writer = exchange.dialect.streamWriter(replyContext(exchange, request));
  if (!exchange.isCommitted) writeHead(exchange, 200, 'text/event-stream; charset=utf-8');
  exchange.record.firstByteMs = exchange.elapsedMs();
  exchange.outgoing.end(events.map((event) => writer.write(event)).join(''));
  watchStall(edge, exchange.outgoing);
  return 'completed';
}

const LIST_START = Buffer.from('[');
const LIST_END = Buffer.from(']');
