// A request that is written in a dialect and read back is the request it was, as far as the dialect can say it. Nothing
// of such a request is named as dropped.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dialects } from '../src/index.ts';
import type { JsonObject } from '../src/json/value.ts';
import type { Part, Reasoning, Request, ToolCallPart, ToolResultPart, Turn } from '../src/model/request.ts';

const words = fc.string({ unit: 'grapheme', maxLength: 12 }).map((inner) => `a${inner}z`);
const name = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_-]{0,20}$/);
const text = fc.record({ kind: fc.constant('text' as const), text: words });
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const image: fc.Arbitrary<Part> = fc.constantFrom(
  { kind: 'image', source: { kind: 'base64', mediaType: 'image/png', data: PNG } },
  { kind: 'image', source: { kind: 'url', url: 'https://example.com/cat.png' } },
);
const pdf: fc.Arbitrary<Part> = fc.record({
  kind: fc.constant('document' as const),
  source: fc.constant({ kind: 'base64' as const, mediaType: 'application/pdf', data: 'JVBERi0xLjQK' }),
  title: words,
});
const cached = <P extends Part>(part: fc.Arbitrary<P>): fc.Arbitrary<P> =>
  fc.tuple(part, fc.boolean()).map(([given, isCached]) => {
    return isCached ? { ...given, cacheControl: { type: 'ephemeral' } } : given;
  });
const schema: fc.Arbitrary<JsonObject> = fc.dictionary(name, fc.constantFrom('string', 'integer')).map(
  (types): JsonObject => ({
    type: 'object',
    properties: Object.fromEntries(Object.entries(types).map(([property, type]) => [property, { type }])),
    additionalProperties: false,
  }),
);
const tools = fc.array(
  fc.record(
    { kind: fc.constant('function' as const), name, description: words, schema, isStrict: fc.constant(true) },
    { requiredKeys: ['kind', 'name', 'schema'] },
  ),
  { maxLength: 3 },
);
const choice = fc.oneof(
  fc.record({ kind: fc.constantFrom('auto' as const, 'any' as const) }),
  fc.record({ kind: fc.constant('tool' as const), name }),
);
const callArguments = fc
  .dictionary(name, fc.oneof(fc.integer(), fc.boolean(), words))
  .map((value) => JSON.stringify(JSON.parse(JSON.stringify(value))));

/** What is asked, what is said to it, and the calls with their results, which the next turn begins with. */
interface Step {
  readonly asked: readonly Part[];
  readonly reminder: Turn | undefined;
  readonly said: readonly Part[];
  readonly calls: readonly { readonly call: ToolCallPart; readonly result: ToolResultPart }[];
}

interface Abilities {
  readonly asked: fc.Arbitrary<readonly Part[]>;
  readonly said: fc.Arbitrary<readonly Part[]>;
  readonly result: fc.Arbitrary<ToolResultPart['parts']>;
  readonly hasError: boolean;
}

function stepOf({ asked, said, result, hasError }: Abilities, hasReminder: boolean): fc.Arbitrary<Step> {
  const called = fc
    .record({ name, argumentsText: callArguments, parts: result, isFailed: fc.boolean() })
    .map(({ name, argumentsText, parts, isFailed }) => ({
      call: { kind: 'toolCall' as const, id: '', name, argumentsText },
      result: { kind: 'toolResult' as const, callId: '', parts, isError: isFailed && hasError },
    }));
  const reminder = fc.option(text, { nil: undefined }).map((part): Turn | undefined => {
    return part === undefined || !hasReminder ? undefined : { role: 'system', parts: [part] };
  });
  return fc.record({ asked, reminder, said, calls: fc.array(called, { maxLength: 2 }) });
}

/** @param isApart the results are a turn of their own */
function turnsOf(steps: readonly Step[], isApart: boolean): Turn[] {
  const turns: Turn[] = [];
  let results: readonly Part[] = [];
  steps.forEach(({ asked, reminder, said, calls }, step) => {
    const id = (at: number): string => `call_${step}_${at}`;
    if (isApart && results.length > 0) turns.push({ role: 'user', parts: results });
    turns.push({ role: 'user', parts: isApart ? asked : [...results, ...asked] });
    if (reminder !== undefined) turns.push(reminder);
    turns.push({
      role: 'assistant',
      parts: [...said, ...calls.map(({ call }, at) => ({ ...call, id: id(at) }))],
    });
    results = calls.map(({ result }, at) => ({ ...result, callId: id(at) }));
  });
  turns.push({ role: 'user', parts: results.length > 0 ? results : [{ kind: 'text', text: 'Go on.' }] });
  return turns;
}

interface Form {
  readonly model: string;
  readonly steps: fc.Arbitrary<Step>;
  readonly isApart: boolean;
  readonly fields: fc.Arbitrary<Partial<Request>>;
}

function requestsOf({ model, steps, isApart, fields }: Form): fc.Arbitrary<Request> {
  return fc
    .record({
      steps: fc.array(steps, { minLength: 1, maxLength: 3 }),
      tools,
      choice,
      isSerial: fc.boolean(),
      fields,
    })
    .map(({ steps, tools, choice, isSerial, fields }): Request => {
      const chosen = { toolChoice: choice, ...(isSerial && { isParallelToolCalls: false }) };
      return {
        model,
        system: [],
        turns: turnsOf(steps, isApart),
        tools,
        ...(tools.length > 0 && chosen),
        stop: [],
        answerCount: 1,
        isStreaming: false,
        isStreamUsageWanted: true,
        extra: {},
        ...fields,
      };
    });
}

const some = <Fields extends object>(all: { [K in keyof Fields]: fc.Arbitrary<Fields[K]> }) =>
  fc.record(all, { requiredKeys: [] }) as fc.Arbitrary<Partial<Fields>>;
const tenths = fc.integer({ min: 0, max: 10 }).map((value) => value / 10);
const signed = fc.record({ kind: fc.constant('thinking' as const), text: words, signature: name });
const redacted = fc.record({ kind: fc.constant('redactedThinking' as const), data: name });

const inMessages: Abilities = {
  asked: fc.array(fc.oneof(cached(text), cached(image), cached(pdf)), { minLength: 1, maxLength: 3 }),
  said: fc.array(fc.oneof(signed, redacted, cached(text)), { minLength: 1, maxLength: 3 }),
  result: fc.array(fc.oneof(text, image, pdf), { maxLength: 2 }) as Abilities['result'],
  hasError: true,
};
const messagesFields = {
  system: fc.array(cached(text), { maxLength: 2 }),
  stop: fc.array(words, { maxLength: 5 }),
  topK: fc.integer({ min: 1, max: 100 }),
  user: words,
  isStreaming: fc.boolean(),
  output: schema.map((given) => ({ kind: 'schema' as const, schema: given })),
  extra: fc.constant({ 'anthropic-messages': { service_tier: 'auto', context_management: { edits: [] } } }),
};
const required = fc.record({ outputTokensMax: fc.integer({ min: 0, max: 64_000 }) });
const reasoning: fc.Arbitrary<Reasoning> = fc.record(
  {
    mode: fc.constantFrom('adaptive' as const, 'off' as const),
    effort: fc.constantFrom('low', 'medium', 'high', 'xhigh', 'max'),
  },
  { requiredKeys: ['mode'] },
);
const inChat: Abilities = {
  asked: fc.oneof(
    fc.tuple(text),
    fc.tuple(text, image, text).map((parts): readonly Part[] => parts),
  ),
  said: fc
    .tuple(
      fc.array(fc.record({ kind: fc.constant('thinking' as const), text: words }), { maxLength: 1 }),
      text,
    )
    .map(([thoughts, said]): readonly Part[] => [...thoughts, said]),
  result: fc.tuple(text),
  hasError: false,
};

const forms: readonly [string, 'anthropic-messages' | 'openai-chat', Form][] = [
  [
    'an older Claude',
    'anthropic-messages',
    {
      model: 'claude-sonnet-4-5',
      steps: stepOf(inMessages, false),
      isApart: false,
      fields: fc
        .tuple(
          some<object>(messagesFields),
          required,
          fc.oneof(fc.record({ temperature: tenths }), fc.record({ topP: tenths })),
        )
        .map((parts) => Object.assign({}, ...parts)),
    },
  ],
  [
    'a newer Claude',
    'anthropic-messages',
    {
      model: 'claude-opus-4-8',
      steps: stepOf(inMessages, true),
      isApart: false,
      fields: fc
        .tuple(some<object>(messagesFields), required, fc.record({ reasoning }, { requiredKeys: [] }))
        .map(([{ topK: _refused, ...fields }, ...rest]: [Partial<Request>, ...object[]]) =>
          Object.assign(fields, ...rest),
        ),
    },
  ],
  [
    'Chat Completions',
    'openai-chat',
    {
      model: 'glm-5',
      steps: stepOf(inChat, true),
      isApart: true,
      fields: fc
        .tuple(
          some<object>({
            system: fc.tuple(text),
            stop: fc.array(words, { maxLength: 4 }),
            temperature: tenths,
            topP: tenths,
            seed: fc.nat(),
            presencePenalty: tenths,
            frequencyPenalty: tenths,
            answerCount: fc.integer({ min: 1, max: 4 }),
            user: words,
            outputTokensMax: fc.integer({ min: 1, max: 64_000 }),
            reasoning: fc.constantFrom({ mode: 'adaptive', effort: 'high' }, { mode: 'off', effort: 'none' }),
            output: fc.oneof(
              fc.constantFrom({ kind: 'text' }, { kind: 'json' }),
              fc.record({ kind: fc.constant('schema'), name, schema, isStrict: fc.boolean() }),
            ),
            extra: fc.constant({ 'openai-chat': { logit_bias: { '50256': -100 }, service_tier: 'auto' } }),
          }),
          fc.boolean(),
        )
        .map(([fields, isStreaming]) => ({ ...fields, isStreaming, isStreamUsageWanted: isStreaming })),
    },
  ],
];

describe.each(forms)('for %s', (_title, dialect, form) => {
  test('a request read back is the request that was written', () => {
    fc.assert(
      fc.property(requestsOf(form), (request) => {
        const { body, dropped } = dialects[dialect].writeRequest(request, form.model);
        const sent = JSON.parse(JSON.stringify(body)) as JsonObject;
        expect(dropped).toEqual([]);
        expect(dialects[dialect].readRequest(sent)).toEqual(request);
      }),
    );
  });
});
