import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anthropicMessages } from '../src/anthropic-messages/index.ts';
import { InvalidReply, InvalidRequest } from '../src/dialect.ts';
import type { JsonValue } from '../src/json/value.ts';
import { openaiChat } from '../src/openai-chat/index.ts';

const anything = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<JsonValue>;
const maybe = (...likely: readonly fc.Arbitrary<unknown>[]): fc.Arbitrary<unknown> =>
  fc.oneof({ arbitrary: fc.oneof(...likely), weight: 5 }, { arbitrary: anything, weight: 1 });
const text = maybe(fc.string(), fc.constantFrom('a', 'b', ''));
const index = maybe(fc.nat(2));

const block = maybe(
  fc.record(
    {
      type: fc.constantFrom(
        'text',
        'thinking',
        'redacted_thinking',
        'tool_use',
        'tool_result',
        'document',
        'x',
      ),
      text,
      thinking: text,
      signature: text,
      data: text,
      id: text,
      name: text,
      input: anything,
      tool_use_id: text,
      content: maybe(text, fc.array(anything)),
      source: maybe(
        fc.record({ type: fc.constantFrom('text', 'url', 'base64', 'file'), data: text, url: text }),
      ),
    },
    { requiredKeys: ['type'] },
  ),
);
const message = fc.record({
  role: maybe(fc.constantFrom('system', 'user', 'assistant')),
  content: maybe(text, fc.array(block)),
});
const request = fc.record(
  {
    model: text,
    max_tokens: maybe(fc.nat(9)),
    messages: maybe(fc.array(message, { minLength: 1 })),
    system: maybe(text),
    tools: maybe(fc.array(fc.record({ name: text, input_schema: anything }, { requiredKeys: ['name'] }))),
    tool_choice: anything,
    thinking: anything,
    output_config: anything,
    metadata: anything,
    stream: anything,
  },
  { requiredKeys: ['model', 'max_tokens', 'messages'] },
);
const event = fc.record(
  {
    type: maybe(
      fc.constantFrom(
        'message_start',
        'content_block_start',
        'content_block_delta',
        'content_block_stop',
        'message_delta',
        'message_stop',
        'ping',
      ),
    ),
    index,
    content_block: block,
    delta: maybe(
      fc.record(
        {
          text,
          thinking: text,
          partial_json: text,
          signature: text,
          stop_reason: maybe(fc.constantFrom('end_turn', 'tool_use', '')),
        },
        { requiredKeys: [] },
      ),
    ),
    message: maybe(fc.record({ id: text, model: text, usage: anything })),
    usage: anything,
  },
  { requiredKeys: ['type'] },
);

test('any body is either read and written or refused with its field', () => {
  fc.assert(
    fc.property(maybe(request), (body) => {
      try {
        const read = anthropicMessages.readRequest(body as JsonValue);
        const { body: written } = anthropicMessages.writeRequest(read, 'claude-opus-4-8');
        expect(() => anthropicMessages.readRequest(written)).not.toThrow();
        const { body: chat } = openaiChat.writeRequest(read, 'target');
        expect(() => openaiChat.readRequest(chat)).not.toThrow();
      } catch (error) {
        if (!(error instanceof InvalidRequest)) throw error;
        expect(typeof error.field).toBe('string');
      }
    }),
    { numRuns: 1_000 },
  );
});

test('any events give one part at a time and exactly one end, and calls with ids of their own', () => {
  fc.assert(
    fc.property(fc.array(maybe(event)), (bodies) => {
      const reader = anthropicMessages.streamReader();
      const meter = anthropicMessages.streamMeter(
        anthropicMessages.readRequest({
          model: 'm',
          max_tokens: 1,
          messages: [{ role: 'user', content: 'x' }],
        }),
      );
      const events = bodies.flatMap((body) => {
        const frame = { event: '', data: JSON.stringify(body) };
        meter.observe(frame);
        return [...reader.read(frame)];
      });
      events.push(...reader.end());
      let open: number | undefined;
      let next = 0;
      for (const item of events) {
        if (item.type === 'partStart') {
          expect([open, item.index]).toEqual([undefined, next]);
          open = next++;
        } else if (item.type === 'partStop') {
          expect(item.index).toBe(open);
          open = undefined;
        } else if ('index' in item) expect(item.index).toBe(open);
      }
      const ends = events.filter((item) => item.type === 'finish' || item.type === 'error');
      expect(ends).toEqual([events.at(-1)]);
      const ids = events.flatMap((item) =>
        item.type === 'partStart' && item.part.kind === 'toolCall' ? [item.part.id] : [],
      );
      expect(new Set(ids).size).toBe(ids.length);
    }),
    { numRuns: 1_000 },
  );
});

test('any reply is read or refused, and any error body is told', () => {
  const reply = fc.record({ content: maybe(fc.array(block)), stop_reason: text, usage: anything });
  fc.assert(
    fc.property(maybe(reply), fc.integer({ min: 200, max: 599 }), (body, status) => {
      try {
        anthropicMessages.readReply(body as JsonValue);
      } catch (error) {
        if (!(error instanceof InvalidReply)) throw error;
      }
      expect(anthropicMessages.readError(status, JSON.stringify(body)).message).not.toBe('');
    }),
    { numRuns: 500 },
  );
});
