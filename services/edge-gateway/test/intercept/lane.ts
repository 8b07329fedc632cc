// A lane with rules, without the edge around it: what a client gets of a provider's bytes, in whatever pieces they come.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RuleSet } from '@ai-switch/contracts';
import {
  type DialectName,
  dialects,
  type Event,
  parseFrame,
  type Request,
  SseSplitter,
} from '@ai-switch/dialects';
import { edgeDefaults } from '../../src/config.ts';
import { Exchange } from '../../src/exchange.ts';
import { CleanTexts } from '../../src/intercept/clean-texts.ts';
import { compiledRules } from '../../src/intercept/compiled-rules.ts';
import { Inspector, type InspectorParts } from '../../src/intercept/inspector.ts';
import { conversionLane, type Lane, passThroughLane } from '../../src/lanes.ts';
import { OutputTally } from '../../src/output-tally.ts';
import type { TokenCounter } from '../../src/token-counter.ts';

export type Ruled = ReturnType<typeof compiledRules>;

export function compiled(...sets: readonly RuleSet[]): Ruled {
  return compiledRules(sets);
}

export interface LaneOptions {
  readonly client: DialectName;
  readonly provider: DialectName;
  readonly rules: Ruled | undefined;
  readonly counter: TokenCounter;
  readonly heldBytesMax?: number;
}

export function laneOf({ client, provider, rules, counter, heldBytesMax }: LaneOptions): Lane {
  const incoming = { headers: {}, socket: {} } as IncomingMessage;
  const exchange = new Exchange(dialects[client], incoming, {} as ServerResponse, 0);
  const settings = {
    ...edgeDefaults,
    ...(heldBytesMax !== undefined && { interceptHeldBytesMax: heldBytesMax }),
  };
  const parts = { settings, cleanTexts: new CleanTexts(1_000), interceptionLog: SILENT_LOG } as unknown;
  const inspector = rules && new Inspector(parts as InspectorParts, exchange, rules);
  exchange.inspector = inspector;
  const tally = new OutputTally(counter);
  if (client !== provider) {
    return conversionLane(dialects[provider], exchange, REQUEST, (event) => [event], settings, tally);
  }
  return passThroughLane(dialects[client], REQUEST, undefined, settings, tally, undefined, inspector);
}

const SILENT_LOG = { note: () => {}, noteUninspected: () => {} };

const REQUEST: Request = dialects['openai-chat'].readRequest({
  model: 'm',
  messages: [{ role: 'user', content: 'x' }],
  stream: true,
  stream_options: { include_usage: true },
});

/** What the client has got in the end, and how much of it after each piece. */
export function pushed(lane: Lane, pieces: readonly Buffer[]): string {
  let text = '';
  for (const piece of pieces) text += String(lane.push(piece) ?? '');
  return text + String(lane.end() ?? '');
}

/** The bytes of an answer as a provider of that dialect would stream them. */
export function streamed(name: DialectName, events: readonly Event[]): Buffer {
  const context = { requestId: 'req_x', model: 'm', createdAtMs: 0, isStreamUsageWanted: true };
  const writer = dialects[name].streamWriter(context);
  return Buffer.from(events.map((event) => writer.write(event)).join(''));
}

/** An answer that says something and then makes calls, each one's arguments in these pieces. */
export function answerWith(calls: readonly { readonly name: string; readonly pieces: readonly string[] }[]) {
  const events: Event[] = [
    { type: 'start', id: 'resp_1', model: 'm' },
    { type: 'partStart', index: 0, part: { kind: 'text' } },
    { type: 'textDelta', index: 0, text: 'I will clean up.' },
    { type: 'partStop', index: 0 },
  ];
  calls.forEach(({ name, pieces }, at) => {
    const index = at + 1;
    events.push({ type: 'partStart', index, part: { kind: 'toolCall', id: `call_${index}`, name } });
    for (const text of pieces) events.push({ type: 'argumentsDelta', index, text });
    events.push({ type: 'partStop', index });
  });
  events.push({ type: 'usage', usage: { input: 20, output: 9, cacheRead: 3, cacheWrite: 0 } });
  events.push({ type: 'finish', reason: 'tool' });
  return events;
}

/** What a client reads. */
export function eventsOf(name: DialectName, text: string): readonly Event[] {
  const reader = dialects[name].streamReader();
  const frames = new SseSplitter({ frameBytesMax: 1 << 20 }).push(Buffer.from(text));
  return [...frames.flatMap((frame) => reader.read(parseFrame(frame))), ...reader.end()];
}
