// Gives the answer to the client in the client's own dialect, by the lane that costs least:
//   same dialect, whole reply   the provider's bytes
//   other dialect, whole reply  the reply, written anew
//   whole reply, stream wanted  the events that it would have streamed
//   stream                      a lane of lanes.ts, chunk by chunk

import type { Event, Usage } from '@ai-switch/dialects';
import { type Answer, charactersIn } from './answer.ts';
import { type Charge, chargeFor, type Outcome } from './charge.ts';
import type { EdgeParts } from './edge-parts.ts';
import type { Exchange } from './exchange.ts';
import { replyContext } from './lanes.ts';
import type { Asked } from './read.ts';
import { watchStall } from './stall-watch.ts';
import { writeHead } from './write-head.ts';

/** @returns what the caller is charged for what was delivered */
export async function relay(
  edge: EdgeParts,
  exchange: Exchange,
  asked: Asked,
  answer: Answer,
): Promise<Charge> {
  const { inputTokensEstimate, request } = asked;
  const { dialect } = exchange;
  switch (answer.form) {
    case 'bytes': {
      const outcome = sendWhole(edge, exchange, answer.bytes);
      const { usage, outputCharacters } = answer;
      return chargeFor(outcome, { isComplete: true, usage, outputCharacters, inputTokensEstimate });
    }
    case 'reply': {
      const body = dialect.writeReply(answer.reply, replyContext(exchange, request));
      const outcome = sendWhole(edge, exchange, Buffer.from(JSON.stringify(body)));
      const { usage } = answer.reply;
      const outputCharacters = answer.reply.parts.reduce((sum, part) => sum + partCharacters(part), 0);
      return chargeFor(outcome, { isComplete: true, usage, outputCharacters, inputTokensEstimate });
    }
    case 'events': {
      const outcome = sendEvents(edge, exchange, asked, answer.events);
      const usage = usageIn(answer.events);
      const outputCharacters = charactersIn(answer.events);
      return chargeFor(outcome, { isComplete: true, usage, outputCharacters, inputTokensEstimate });
    }
    case 'stream': {
      const { stream } = answer;
      const outcome = await stream.flow();
      const { isFinished, usage, outputCharacters } = stream.lane;
      return chargeFor(outcome, { isComplete: isFinished, usage, outputCharacters, inputTokensEstimate });
    }
  }
}

function sendWhole(edge: EdgeParts, exchange: Exchange, bytes: Buffer): Outcome {
  if (exchange.interruption === 'clientGone') return 'clientGone';
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
  writeHead(exchange, 200, 'text/event-stream; charset=utf-8');
  exchange.record.firstByteMs = exchange.elapsedMs();
  exchange.outgoing.end(events.map((event) => writer.write(event)).join(''));
  watchStall(edge, exchange.outgoing);
  return 'completed';
}

function usageIn(events: readonly Event[]): Usage | undefined {
  return events.findLast((event) => event.type === 'usage')?.usage;
}

function partCharacters(part: Extract<Answer, { form: 'reply' }>['reply']['parts'][number]): number {
  switch (part.kind) {
    case 'text':
    case 'thinking':
      return part.text.length;
    case 'toolCall':
      return part.argumentsText.length;
    case 'redactedThinking':
      return 0;
  }
}
