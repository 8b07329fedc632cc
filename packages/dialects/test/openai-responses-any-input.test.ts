import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InvalidRequest } from '../src/dialect.ts';
import { dialects } from '../src/index.ts';
import type { JsonValue } from '../src/json/value.ts';
import { openaiResponses } from '../src/openai-responses/index.ts';
import { asked } from './responses-fixtures.ts';
import { eventsOfData, expectOrder, expectOwnCallIds, expectReadOrTold } from './streams.ts';

const anything = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<JsonValue>;
const maybe = (...likely: readonly fc.Arbitrary<unknown>[]): fc.Arbitrary<unknown> =>
  fc.oneof({ arbitrary: fc.oneof(...likely), weight: 5 }, { arbitrary: anything, weight: 1 });
/** What is right but for an odd value now and then: a body of parts like those above is hardly ever read. */
const rarely = (likely: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ arbitrary: likely, weight: 60 }, { arbitrary: anything, weight: 1 });

const said = rarely(fc.constantFrom('', ' ', 'a', 'Lauf!\n', '"\\'));
const filled = rarely(fc.constantFrom('a', 'b', 'call_1', '走れ|:'));
const parts = (type: string): fc.Arbitrary<unknown> =>
  fc.oneof(said, fc.array(fc.record({ type: fc.constantFrom(type, 'odd'), text: said }), { maxLength: 3 }));
const tool = fc.oneof(
  fc.record({
    type: fc.constant('function'),
    name: filled,
    parameters: rarely(fc.constant({ type: 'object' })),
  }),
  fc.record({ type: fc.constant('custom'), name: filled, format: rarely(fc.constant({ type: 'text' })) }),
  fc.record({ type: fc.constant('tool_search'), execution: rarely(fc.constantFrom('client', 'server')) }),
  fc.record({ type: fc.constantFrom('web_search', 'mcp'), filters: anything }),
);
const tools = rarely(
  fc.array(
    fc.oneof(
      tool,
      fc.record({ type: fc.constant('namespace'), name: filled, tools: fc.array(tool, { maxLength: 2 }) }),
    ),
    { maxLength: 3 },
  ),
);
const item = rarely(
  fc.oneof(
    fc.record({ role: fc.constantFrom('system', 'developer', 'user'), content: parts('input_text') }),
    fc.record({
      type: fc.constant('message'),
      role: fc.constant('assistant'),
      content: parts('output_text'),
    }),
    fc.record({
      type: fc.constant('reasoning'),
      id: filled,
      summary: rarely(fc.array(fc.record({ text: said }), { maxLength: 2 })),
      encrypted_content: rarely(fc.constantFrom(null, 'abc', 'aisw1.s.0123456789abcdef.x')),
    }),
    fc.record({
      type: fc.constantFrom('function_call', 'custom_tool_call', 'tool_search_call'),
      call_id: filled,
      name: filled,
      namespace: rarely(fc.constantFrom(undefined, 'ns')),
      arguments: rarely(fc.constantFrom('{}', '{"a":1}', '{"a', '')),
      input: said,
      execution: rarely(fc.constant('client')),
    }),
    fc.record({
      type: fc.constantFrom('function_call_output', 'custom_tool_call_output', 'tool_search_output'),
      call_id: filled,
      output: rarely(parts('input_text')),
      tools,
    }),
    fc.record({ type: fc.constantFrom('compaction', 'web_search_call', 'x'), encrypted_content: said }),
    fc.record({ type: fc.constant('additional_tools'), tools }),
  ),
);
const request = fc.record(
  {
    model: filled,
    input: rarely(fc.oneof(fc.string(), fc.array(item, { minLength: 1, maxLength: 6 }))),
    instructions: rarely(fc.string()),
    tools,
    tool_choice: rarely(fc.constantFrom('auto', 'none', 'required', { type: 'function', name: 'a' })),
    text: rarely(fc.constantFrom({ format: { type: 'json_object' } }, { verbosity: 'low' })),
    reasoning: rarely(fc.constantFrom({ effort: 'low', summary: 'auto' }, { context: 'x' })),
    include: anything,
    stream: rarely(fc.boolean()),
    x: anything,
  },
  { requiredKeys: ['model', 'input'] },
);

test('any body is either read, and written for everybody, or refused with its field', () => {
  let readCount = 0;
  fc.assert(
    fc.property(maybe(request), (body) => {
      try {
        const read = openaiResponses.readRequest(body as JsonValue);
        for (const model of ['gpt-5.5', 'grok-4.3']) {
          const { body: written } = openaiResponses.writeRequest(read, model);
          const items = written.input as readonly JsonValue[];
          if (items.length > 0) expect(() => openaiResponses.readRequest(written)).not.toThrow();
        }
        for (const other of Object.values(dialects)) {
          expect(() => other.writeRequest(read, 'target')).not.toThrow();
        }
        readCount += 1;
      } catch (error) {
        if (!(error instanceof InvalidRequest)) throw error;
        expect(typeof error.field).toBe('string');
      }
    }),
    { numRuns: 600 },
  );
  // Writing is tried only on what was read.
  expect(readCount).toBeGreaterThan(100);
});

const sent = maybe(
  fc.record(
    {
      type: maybe(
        fc.constantFrom(
          'message',
          'reasoning',
          'function_call',
          'custom_tool_call',
          'tool_search_call',
          'mcp_call',
        ),
      ),
      id: maybe(fc.constantFrom('a', 'b')),
      call_id: maybe(fc.constantFrom('c', 'd')),
      name: maybe(fc.constantFrom('f', '')),
      arguments: maybe(fc.constantFrom('{}', '{"a":1}', '')),
      input: maybe(fc.string()),
      content: maybe(fc.array(maybe(fc.record({ type: fc.constant('output_text'), text: said })))),
      summary: maybe(fc.array(maybe(fc.record({ text: said })))),
      encrypted_content: maybe(fc.constant('abc')),
    },
    { requiredKeys: [] },
  ),
);
const names = [
  'created',
  'output_item.added',
  'output_item.done',
  'output_text.delta',
  'refusal.delta',
  'reasoning_summary_part.added',
  'reasoning_summary_text.delta',
  'reasoning_text.delta',
  'function_call_arguments.delta',
  'function_call_arguments.done',
  'custom_tool_call_input.delta',
  'completed',
  'incomplete',
  'failed',
  'x',
].map((name) => `response.${name}`);
const event = fc.record(
  {
    type: maybe(fc.constantFrom(...names, 'error')),
    output_index: maybe(fc.nat(3)),
    item_id: maybe(fc.constantFrom('a', 'b')),
    summary_index: maybe(fc.nat(2)),
    item: sent,
    delta: maybe(fc.constantFrom('{', '"a":1}', 'Hi', '')),
    arguments: maybe(fc.constantFrom('{}', '{"a":1}')),
    response: maybe(
      fc.record({ id: fc.string(), output: maybe(fc.array(sent)), usage: anything }, { requiredKeys: [] }),
    ),
  },
  { requiredKeys: ['type'] },
);

test('any events give one part at a time and exactly one end, and calls with ids of their own', () => {
  fc.assert(
    fc.property(fc.array(maybe(event), { maxLength: 20 }), (sentEvents) => {
      const events = eventsOfData(
        openaiResponses,
        asked('x'),
        sentEvents.map((value) => JSON.stringify(value)),
      );
      expectOrder(events);
      expectOwnCallIds(events);
    }),
    { numRuns: 1_000 },
  );
});

test('any reply is read or refused, and any error body is told', () => {
  fc.assert(
    fc.property(
      maybe(fc.record({ output: fc.array(sent) })),
      fc.integer({ min: 200, max: 599 }),
      (body, status) => {
        expectReadOrTold(openaiResponses, body as JsonValue, status);
      },
    ),
    { numRuns: 500 },
  );
});
