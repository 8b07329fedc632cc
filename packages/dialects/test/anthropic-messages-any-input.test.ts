import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anthropicMessages } from '../src/anthropic-messages/index.ts';
import { InvalidRequest } from '../src/dialect.ts';
import type { JsonValue } from '../src/json/value.ts';
import { openaiChat } from '../src/openai-chat/index.ts';
import { eventsOfData, expectOrder, expectOwnCallIds, expectReadOrTold } from './streams.ts';

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
/** A block that is right but for an odd field now and then: a body of blocks like those above is hardly ever read. */
const rarely = (likely: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ arbitrary: likely, weight: 60 }, { arbitrary: anything, weight: 1 });
const filled = rarely(fc.constantFrom('a', 'b', 'toolu_1', '走れ|:'));
const said = rarely(fc.constantFrom('', ' ', 'a', 'Lauf!\n'));
const input = fc.dictionary(fc.string(), anything, { maxKeys: 2 });
const sentBlock = rarely(
  fc.oneof(
    fc.record({ type: fc.constant('text'), text: said }),
    fc.record({ type: fc.constant('thinking'), thinking: said, signature: said }),
    fc.record({ type: fc.constant('redacted_thinking'), data: said }),
    fc.record({ type: fc.constant('tool_use'), id: filled, name: filled, input: rarely(input) }),
    fc.record({
      type: fc.constant('tool_result'),
      tool_use_id: filled,
      content: rarely(fc.array(fc.record({ type: fc.constantFrom('text', 'x'), text: said }))),
    }),
    fc.record({
      type: fc.constant('document'),
      source: rarely(fc.record({ type: fc.constantFrom('text', 'x'), data: said })),
    }),
    fc.record({ type: filled, value: anything }),
  ),
);
const message = fc.oneof(
  fc.record({
    role: rarely(fc.constantFrom('user', 'assistant')),
    content: fc.oneof(said, fc.array(sentBlock, { maxLength: 3 })),
  }),
  fc.record({ role: fc.constant('system'), content: said, output_config: anything }),
);
const request = fc.record(
  {
    model: filled,
    max_tokens: rarely(fc.nat(9)),
    messages: rarely(fc.array(message, { minLength: 1, maxLength: 5 })),
    system: said,
    tools: rarely(fc.array(fc.record({ name: filled, input_schema: rarely(input) }))),
    tool_choice: rarely(fc.record({ type: fc.constantFrom('auto', 'any', 'none') })),
    thinking: rarely(fc.record({ type: text, budget_tokens: fc.integer({ min: 1, max: 9_999 }) })),
    output_config: rarely(fc.record({ effort: anything, x: anything })),
    metadata: rarely(fc.record({ user_id: anything })),
    stream: rarely(fc.boolean()),
    x: anything,
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
  let readCount = 0;
  fc.assert(
    fc.property(maybe(request), (body) => {
      try {
        const read = anthropicMessages.readRequest(body as JsonValue);
        readCount += 1;
        for (const dialect of [anthropicMessages, openaiChat]) {
          for (const model of ['claude-opus-4-8', 'claude-sonnet-4-5', 'target']) {
            const { body: written } = dialect.writeRequest(read, model);
            const sent = JSON.parse(JSON.stringify(written)) as JsonValue;
            expect(() => dialect.readRequest(sent)).not.toThrow();
          }
        }
      } catch (error) {
        if (!(error instanceof InvalidRequest)) throw error;
        expect(typeof error.field).toBe('string');
      }
    }),
    { numRuns: 1_000 },
  );
  // Bodies that are all refused would prove nothing about writing.
  expect(readCount).toBeGreaterThan(200);
});

test('any events give one part at a time and exactly one end, and calls with ids of their own', () => {
  fc.assert(
    fc.property(fc.array(maybe(event)), (bodies) => {
      const asked = anthropicMessages.readRequest({
        model: 'm',
        max_tokens: 1,
        messages: [{ role: 'user', content: 'x' }],
      });
      const events = eventsOfData(
        anthropicMessages,
        asked,
        bodies.map((body) => JSON.stringify(body)),
      );
      expectOrder(events);
      expectOwnCallIds(events);
    }),
    { numRuns: 1_000 },
  );
});

test('any reply is read or refused, and any error body is told', () => {
  const reply = fc.record({ content: maybe(fc.array(block)), stop_reason: text, usage: anything });
  fc.assert(
    fc.property(maybe(reply), fc.integer({ min: 200, max: 599 }), (body, status) => {
      expectReadOrTold(anthropicMessages, body as JsonValue, status);
    }),
    { numRuns: 500 },
  );
});
