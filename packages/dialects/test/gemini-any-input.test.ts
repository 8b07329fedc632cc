import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anthropicMessages } from '../src/anthropic-messages/index.ts';
import { InvalidRequest } from '../src/dialect.ts';
import { gemini } from '../src/gemini/index.ts';
import type { JsonValue } from '../src/json/value.ts';
import { openaiChat } from '../src/openai-chat/index.ts';
import { eventsOfData, expectOrder, expectOwnCallIds, expectReadOrTold } from './streams.ts';

const ADDRESS = { model: 'm', isStreaming: true };
const anything = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<JsonValue>;
const maybe = (...likely: readonly fc.Arbitrary<unknown>[]): fc.Arbitrary<unknown> =>
  fc.oneof({ arbitrary: fc.oneof(...likely), weight: 5 }, { arbitrary: anything, weight: 1 });
/** Right but for an odd field now and then: a body of odd fields is hardly ever read. */
const rarely = (likely: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ arbitrary: likely, weight: 60 }, { arbitrary: anything, weight: 1 });
const filled = rarely(fc.constantFrom('a', 'b', '走れ|:', 'x'.repeat(70)));
const said = rarely(fc.constantFrom('', ' ', 'a', 'Lauf!\n'));
const input = fc.dictionary(fc.string(), anything, { maxKeys: 2 });
const signature = fc.constantFrom(undefined, '', 'c2ln', 'skip_thought_signature_validator');

const part = rarely(
  fc.oneof(
    fc.record({ text: said, thought: fc.boolean(), thoughtSignature: signature }),
    fc.record({
      functionCall: fc.record({ name: filled, args: rarely(input) }),
      thoughtSignature: signature,
    }),
    fc.record({
      function_response: fc.record({
        name: filled,
        id: rarely(fc.constantFrom('', 'a')),
        response: anything,
      }),
    }),
    fc.record({
      inlineData: fc.record({ mimeType: fc.constantFrom('application/pdf', 'audio/wav'), data: said }),
    }),
    fc.record({ fileData: fc.record({ mimeType: filled, fileUri: rarely(fc.webUrl()) }) }),
    fc.record({ executableCode: anything }),
    fc.constant({}),
  ),
);
const content = rarely(
  fc.record({
    role: rarely(fc.constantFrom('user', 'model', 'function')),
    parts: rarely(fc.array(part, { maxLength: 3 })),
  }),
);
const schema = rarely(
  fc.record({
    type: fc.constantFrom('OBJECT', 'object', 'STRING'),
    properties: fc.dictionary(fc.string(), anything, { maxKeys: 2 }),
  }),
);
const tool = rarely(
  fc.oneof(
    fc.record({
      functionDeclarations: rarely(
        fc.array(fc.record({ name: filled, parameters: schema, description: said }), { maxLength: 2 }),
      ),
    }),
    fc.record({ google_search: input }),
    fc.record({ codeExecution: anything }),
  ),
);
const request = fc.record(
  {
    contents: rarely(fc.array(content, { minLength: 1, maxLength: 5 })),
    systemInstruction: rarely(fc.record({ parts: rarely(fc.array(fc.record({ text: said }))) })),
    tools: rarely(fc.array(tool, { maxLength: 2 })),
    toolConfig: rarely(
      fc.record({
        functionCallingConfig: rarely(fc.record({ mode: fc.constantFrom('AUTO', 'ANY', 'VALIDATED') })),
      }),
    ),
    generationConfig: rarely(
      fc.record(
        {
          temperature: rarely(fc.double({ noNaN: true })),
          responseMimeType: rarely(fc.constantFrom('application/json', 'text/plain', 'text/x.enum')),
          responseSchema: schema,
          thinkingConfig: rarely(fc.record({ thinkingBudget: fc.integer(), includeThoughts: anything })),
          x: anything,
        },
        { requiredKeys: [] },
      ),
    ),
    x_y: anything,
  },
  { requiredKeys: ['contents'] },
);

test('any body is either read and written or refused with its field', () => {
  let readCount = 0;
  fc.assert(
    fc.property(maybe(request), (body) => {
      try {
        const read = gemini.readRequest(body as JsonValue, ADDRESS);
        readCount += 1;
        for (const dialect of [gemini, anthropicMessages, openaiChat]) {
          for (const model of ['gemini-3.8-flash', 'gemini-2.0-flash', 'claude-opus-4-8', 'target']) {
            const { body: written } = dialect.writeRequest(read, model);
            const sent = JSON.parse(JSON.stringify(written)) as JsonValue;
            expect(() => dialect.readRequest(sent, ADDRESS)).not.toThrow();
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

const answered = maybe(
  fc.record(
    { text: maybe(fc.string()), thought: maybe(fc.boolean()), thoughtSignature: maybe(fc.string()) },
    { requiredKeys: [] },
  ),
  fc.record({
    functionCall: maybe(
      fc.record({
        name: maybe(fc.constantFrom('a', '')),
        id: maybe(fc.constantFrom('x', '')),
        args: anything,
      }),
    ),
  }),
);
const chunk = fc.record(
  {
    candidates: maybe(
      fc.array(
        fc.record(
          {
            content: maybe(fc.record({ parts: maybe(fc.array(answered)) })),
            finishReason: maybe(fc.constantFrom('STOP', 'SAFETY', 'MALFORMED_FUNCTION_CALL')),
            index: maybe(fc.constantFrom(0, 1)),
            groundingMetadata: anything,
          },
          { requiredKeys: [] },
        ),
        { maxLength: 2 },
      ),
    ),
    promptFeedback: maybe(fc.record({ blockReason: maybe(fc.constant('SAFETY')) })),
    usageMetadata: anything,
    responseId: maybe(fc.string()),
    modelVersion: maybe(fc.string()),
  },
  { requiredKeys: [] },
);

test('any chunks give one part at a time and exactly one end, and calls with ids of their own', () => {
  fc.assert(
    fc.property(fc.array(maybe(chunk)), (bodies) => {
      const asked = gemini.readRequest({ contents: ['x'] }, ADDRESS);
      const events = eventsOfData(
        gemini,
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
  fc.assert(
    fc.property(maybe(chunk, fc.array(chunk)), fc.integer({ min: 200, max: 599 }), (body, status) => {
      expectReadOrTold(gemini, body as JsonValue, status);
    }),
    { numRuns: 500 },
  );
});
