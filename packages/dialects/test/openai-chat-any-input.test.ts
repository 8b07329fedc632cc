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

const call = maybe(
  fc.record(
    {
      index: maybe(fc.nat(2)),
      id: text,
      type: text,
      function: maybe(fc.record({ name: text, arguments: text })),
    },
    { requiredKeys: [] },
  ),
);
const message = fc.record(
  {
    role: maybe(fc.constantFrom('system', 'developer', 'user', 'assistant', 'tool', 'function')),
    content: maybe(
      text,
      fc.array(maybe(fc.record({ type: fc.constantFrom('text', 'image_url', 'file'), text }))),
    ),
    reasoning_content: text,
    tool_calls: maybe(fc.array(call)),
    tool_call_id: text,
    refusal: text,
  },
  { requiredKeys: ['role'] },
);
/** What is right but for an odd value now and then: a body of parts like those above is hardly ever read. */
const rarely = (likely: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ arbitrary: likely, weight: 60 }, { arbitrary: anything, weight: 1 });
const filled = rarely(fc.constantFrom('a', 'b', 'call_1', '走れ|:'));
const said = rarely(fc.constantFrom('', ' ', 'a', 'Lauf!\n'));
const sentCall = fc.record({
  id: filled,
  type: fc.constant('function'),
  function: rarely(fc.record({ name: filled, arguments: rarely(fc.constantFrom('{}', '{"a":1}', '{"a')) })),
});
const sentMessage = fc.oneof(
  fc.record({ role: fc.constantFrom('system', 'developer'), content: said }),
  fc.record({
    role: fc.constant('user'),
    content: fc.oneof(said, fc.array(fc.record({ type: fc.constantFrom('text', 'x'), text: said }))),
  }),
  fc.record(
    {
      role: fc.constant('assistant'),
      content: rarely(fc.constantFrom(null, '', 'a')),
      reasoning_content: said,
      tool_calls: rarely(fc.array(sentCall, { maxLength: 3 })),
    },
    { requiredKeys: ['role'] },
  ),
  fc.record({ role: fc.constant('tool'), tool_call_id: filled, content: said }),
);
const request = fc.record(
  {
    model: filled,
    messages: rarely(fc.array(sentMessage, { minLength: 1, maxLength: 5 })),
    tools: rarely(
      fc.array(fc.record({ type: fc.constant('function'), function: fc.record({ name: filled }) })),
    ),
    tool_choice: rarely(fc.constantFrom('auto', 'none', 'required')),
    stream: rarely(fc.boolean()),
    stream_options: rarely(fc.record({ include_usage: fc.boolean(), x: anything })),
    response_format: rarely(fc.record({ type: fc.constantFrom('text', 'json_object') })),
    stop: rarely(fc.constantFrom('a', ['a', 'b'])),
    thinking: anything,
    x: anything,
  },
  { requiredKeys: ['model', 'messages'] },
);
const chunk = fc.record(
  {
    id: text,
    choices: maybe(
      fc.array(
        fc.record(
          {
            index: maybe(fc.nat(1)),
            delta: maybe(message),
            finish_reason: maybe(fc.constantFrom(null, 'stop', 'length', '')),
          },
          { requiredKeys: [] },
        ),
      ),
    ),
    usage: maybe(fc.record({ prompt_tokens: anything, completion_tokens: anything })),
    error: anything,
  },
  { requiredKeys: ['id'] },
);

test('any body is either read and written or refused with its field', () => {
  let readCount = 0;
  fc.assert(
    fc.property(maybe(request), (body) => {
      try {
        const read = openaiChat.readRequest(body as JsonValue);
        const { body: written } = openaiChat.writeRequest(read, 'target');
        expect(() => openaiChat.readRequest(written)).not.toThrow();
        expect(() => anthropicMessages.writeRequest(read, 'target')).not.toThrow();
        readCount += 1;
      } catch (error) {
        if (!(error instanceof InvalidRequest)) throw error;
        expect(typeof error.field).toBe('string');
      }
    }),
    { numRuns: 500 },
  );
  // Writing is tried only on what was read.
  expect(readCount).toBeGreaterThan(100);
});

test('any chunks give one part at a time and exactly one end, and calls with ids of their own', () => {
  fc.assert(
    fc.property(fc.array(maybe(chunk)), fc.boolean(), (chunks, isDone) => {
      const asked = openaiChat.readRequest({ model: 'm', messages: [{ role: 'user', content: 'x' }] });
      const data = chunks.map((value) => JSON.stringify(value));
      if (isDone) data.push('[DONE]');
      const events = eventsOfData(openaiChat, asked, data);
      expectOrder(events);
      expectOwnCallIds(events);
    }),
    { numRuns: 500 },
  );
});

test('any reply is read or refused, and any error body is told', () => {
  fc.assert(
    fc.property(anything, fc.integer({ min: 200, max: 599 }), (body, status) => {
      expectReadOrTold(openaiChat, body as JsonValue, status);
    }),
    { numRuns: 500 },
  );
});
