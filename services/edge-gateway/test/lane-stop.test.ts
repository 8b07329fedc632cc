// The gateway ends an answer itself when its hold runs dry: wherever that is, the client reads one that reached its maximum.

import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type DialectName,
  dialects,
  type Event,
  parseFrame,
  type Request,
  SseSplitter,
} from '@ai-switch/dialects';
import { afterAll, describe, expect, test } from 'vitest';
import { edgeDefaults } from '../src/config.ts';
import { Exchange } from '../src/exchange.ts';
import { conversionLane, type Lane, passThroughLane, replyContext } from '../src/lanes.ts';
import { OutputTally } from '../src/output-tally.ts';
import { TokenCounter } from '../src/token-counter.ts';

const counter = new TokenCounter();
afterAll(() => counter.close());

const USAGE = { input: 20, output: 9, cacheRead: 3, cacheWrite: 0 };
const ANSWER: readonly Event[] = [
  { type: 'start', id: 'x', model: 'm' },
  { type: 'partStart', index: 0, part: { kind: 'thinking' } },
  { type: 'thinkingDelta', index: 0, text: 'Let me see.' },
  { type: 'partStop', index: 0 },
  { type: 'partStart', index: 1, part: { kind: 'text' } },
  { type: 'textDelta', index: 1, text: 'I call' },
  { type: 'textDelta', index: 1, text: ' it.' },
  { type: 'partStop', index: 1 },
  { type: 'partStart', index: 2, part: { kind: 'toolCall', id: 'call_1', name: 'weather' } },
  { type: 'argumentsDelta', index: 2, text: '{"city":' },
  { type: 'argumentsDelta', index: 2, text: '"Paris"}' },
  { type: 'partStop', index: 2 },
];

const names = Object.keys(dialects) as DialectName[];
const pairs = names.flatMap((client) => names.map((provider) => ({ client, provider })));

describe.each(pairs)('an answer in $client from $provider', ({ client, provider }) => {
  test('reads as one that reached its maximum, wherever it was stopped', () => {
    const frames = framesSent(provider);
    expect(frames.length).toBeGreaterThan(3);
    for (let count = 0; count <= frames.length; count += 1) {
      const lane = laneOf(client, provider);
      const passed = frames.slice(0, count).map((frame) => String(lane.push(frame) ?? ''));
      const read = eventsOf(client, passed.join('') + lane.stop(USAGE));
      expect(read.at(-1)).toEqual({ type: 'finish', reason: 'length' });
      expect(read.filter(({ type }) => type === 'error')).toEqual([]);
      const usage = read.findLast((event) => event.type === 'usage')?.usage;
      expect(usage).toMatchObject(USAGE);
      expect(lane.missingEnd).toBe('');
    }
  });
});

/** What a provider sends before it has finished. */
function framesSent(name: DialectName): readonly Buffer[] {
  const context = { requestId: 'req_x', model: 'm', createdAtMs: 0, isStreamUsageWanted: false };
  const writer = dialects[name].streamWriter(context);
  return ANSWER.map((event) => writer.write(event))
    .filter((text) => text !== '')
    .map((text) => Buffer.from(text));
}

function laneOf(client: DialectName, provider: DialectName): Lane {
  const incoming = { headers: {}, socket: {} } as IncomingMessage;
  const exchange = new Exchange(dialects[client], incoming, {} as ServerResponse, 0);
  const request: Request = dialects['openai-chat'].readRequest({
    model: 'm',
    messages: [{ role: 'user', content: 'x' }],
    stream: true,
    stream_options: { include_usage: true },
  });
  const tally = new OutputTally(counter);
  if (client !== provider) {
    return conversionLane(dialects[provider], exchange, request, (event) => [event], edgeDefaults, tally);
  }
  const stopper = dialects[client].streamStopper(replyContext(exchange, request));
  return passThroughLane(dialects[client], request, undefined, edgeDefaults, tally, stopper);
}

function eventsOf(name: DialectName, text: string): readonly Event[] {
  const reader = dialects[name].streamReader();
  const frames = new SseSplitter({ frameBytesMax: 1 << 20 }).push(Buffer.from(text));
  return [...frames.flatMap((frame) => reader.read(parseFrame(frame))), ...reader.end()];
}
