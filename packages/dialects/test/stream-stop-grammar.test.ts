// What clients other than the tested ones may rely on: a stream that was stopped closes everything that it opened.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { anthropicMessages } from '../src/anthropic-messages/index.ts';
import type { Dialect } from '../src/dialect.ts';
import { parseFrame } from '../src/frames/sse.ts';
import { listOf, objectOf, stringOf } from '../src/json/narrow.ts';
import type { JsonObject } from '../src/json/value.ts';
import { openaiResponses } from '../src/openai-responses/index.ts';
import { framesOf } from './streams.ts';

const USAGE = { input: 20, output: 9, cacheRead: 3, cacheWrite: 0 };
const CONTEXT = { requestId: 'req_1', model: 'alias', createdAtMs: 0, isStreamUsageWanted: true };
const ENDS = /^(?:message_delta|response\.(?:completed|incomplete))$/;

interface Stopped {
  readonly events: readonly JsonObject[];
  /** How many of them are the provider's. */
  readonly passed: number;
}

/** Recorded streams that were stopped behind each of their frames. */
function* stopped(dialect: Dialect, names: readonly string[]): Generator<Stopped> {
  for (const name of names) {
    const file = new URL(`../fixtures/${dialect.name}/${name}.stream.sse`, import.meta.url);
    const frames = framesOf([readFileSync(file)]).map(parseFrame);
    for (let count = 1; count < frames.length; count += 1) {
      const passed = frames.slice(0, count);
      if (ENDS.test(passed.at(-1)?.event ?? '')) break;
      const stopper = dialect.streamStopper(CONTEXT);
      for (const frame of passed) stopper.observe(frame);
      const end = framesOf([Buffer.from(stopper.stop(USAGE))]).map(parseFrame);
      const events = [...passed, ...end].map(({ data }) => JSON.parse(data) as JsonObject);
      yield { events, passed: count };
    }
  }
}

const ofType = (events: readonly JsonObject[], type: string) => events.filter((event) => event.type === type);

test("Anthropic's blocks are each closed once before the end", () => {
  const names = ['text', 'tools', 'thinking', 'thinking-between-calls', 'overlapping-blocks', 'web-search'];
  for (const { events } of stopped(anthropicMessages, names)) {
    const begun = ofType(events, 'content_block_start').map(({ index }) => index);
    const closed = ofType(events, 'content_block_stop').map(({ index }) => index);
    expect(closed.sort()).toEqual(begun.sort());
    expect(events.map(({ type }) => type).slice(-2)).toEqual(['message_delta', 'message_stop']);
  }
});

describe('in Responses', () => {
  const streams = [
    ...stopped(openaiResponses, [
      'text',
      'unicode',
      'reasoning',
      'reasoning-of-an-open-model',
      'refusal',
      'tools',
      'text-around-call',
      'every-kind-of-call',
      'parallel-calls-interleaved',
    ]),
  ];

  test('sequence numbers go on by one', () => {
    for (const { events } of streams) {
      expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, at) => at));
    }
  });

  test('messages and thoughts are done with all that came of them, as incomplete', () => {
    for (const { events, passed } of streams) {
      for (const { output_index, item } of ofType(events, 'response.output_item.added')) {
        const type = objectOf(item)?.type;
        if (type !== 'message' && type !== 'reasoning') continue;
        const done = ofType(events, 'response.output_item.done').find(
          (event) => event.output_index === output_index,
        );
        const whole = objectOf(done?.item);
        expect(whole?.id).toBe(objectOf(item)?.id);
        const deltas = events.filter(
          (event) => event.output_index === output_index && String(event.type).endsWith('.delta'),
        );
        expect(wordsIn(whole)).toBe(deltas.map(({ delta }) => delta).join(''));
        if (done === undefined || events.indexOf(done) < passed) continue;
        expect(whole).not.toHaveProperty('encrypted_content');
        if (type === 'message') expect(whole?.status).toBe('incomplete');
      }
    }
  });

  test('the output has what is done, and no call that is not', () => {
    for (const { events } of streams) {
      const done = ofType(events, 'response.output_item.done');
      const response = objectOf(events.at(-1)?.response);
      const places = listOf(response?.output).map((item) => {
        const place = done.find((event) => JSON.stringify(event.item) === JSON.stringify(item));
        return place?.output_index;
      });
      expect(places).toEqual(places.map((_, at) => at));
      const [added, last] = [ofType(events, 'response.output_item.added'), done.length];
      if (added.length === last) expect(places.length).toBe(last);
    }
  });

  test('parts that were announced are closed in every item that is', () => {
    for (const { events, passed } of streams) {
      for (const { output_index } of ofType(events.slice(passed), 'response.output_item.done')) {
        const own = events.filter((event) => event.output_index === output_index);
        for (const around of ['response.content_part', 'response.reasoning_summary_part']) {
          expect(ofType(own, `${around}.done`).length).toBe(ofType(own, `${around}.added`).length);
        }
        const placed = (kind: RegExp) =>
          own
            .filter(({ type }) => kind.test(String(type)))
            .map(({ content_index, summary_index }) => `${content_index} ${summary_index}`);
        expect(placed(/(?:text|refusal)\.done$/)).toEqual(
          expect.arrayContaining(placed(/(?:text|refusal)\.delta$/)),
        );
      }
    }
  });
});

function wordsIn(item: JsonObject | undefined): string {
  const parts = [...listOf(item?.summary), ...listOf(item?.content)].map(objectOf);
  return parts.map((part) => stringOf(part?.text) ?? stringOf(part?.refusal) ?? '').join('');
}
