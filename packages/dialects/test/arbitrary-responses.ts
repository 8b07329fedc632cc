import fc from 'fast-check';
import type { Reply } from '../src/model/reply.ts';
import type { Part, Request, Tool } from '../src/model/request.ts';
import {
  calls,
  definedOnly,
  document,
  id,
  image,
  maybe,
  name,
  schema,
  sparse,
  text,
  toolUseOf,
  turnsOf,
  words,
} from './arbitrary-parts.ts';

/** Messages and thoughts in any order, each an item of its own. */
export const responsesSpoken: fc.Arbitrary<Reply['parts']> = fc.array(
  fc.oneof(
    text,
    words.map((value) => ({ kind: 'thinking' as const, text: value })),
  ),
  { maxLength: 4 },
);

/** Free text is called for by OpenAI's own models alone, which take no sampling. */
function requestFor(isOpenAi: boolean): fc.Arbitrary<Request> {
  const thought = fc
    .record({ text: fc.oneof(words, fc.constant('')), id, encrypted: id })
    .map(({ text, id, encrypted }): Part => ({ kind: 'thinking', text, signature: `rs_${id}:${encrypted}` }));
  const called = isOpenAi
    ? fc
        .tuple(calls, words)
        .map(([all, input]) =>
          all.map((call, at) =>
            at === 0 ? { ...call, form: 'custom' as const, argumentsText: input } : call,
          ),
        )
    : calls;
  const said = fc.array(fc.oneof(text, image, document), { minLength: 1, maxLength: 3 });
  const round = fc.record({
    user: said,
    system: maybe(text),
    assistant: fc
      .tuple(fc.array(thought, { maxLength: 2 }), fc.array(text, { minLength: 1, maxLength: 2 }))
      .map((parts): readonly Part[] => parts.flat()),
    calls: called,
    results: fc.array(fc.oneof(fc.tuple(text), fc.tuple(text, image), fc.tuple(image, text, document)), {
      minLength: 3,
      maxLength: 3,
    }),
    isError: fc.constant(false),
  });
  const custom = sparse(
    fc.record({
      kind: fc.constant('custom' as const),
      name: name.map((value) => `${value}_custom`),
      description: maybe(words),
      format: maybe(
        fc.constantFrom({ type: 'text' }, { type: 'grammar', syntax: 'lark', definition: 'start: /x/' }),
      ),
    }),
  ) as fc.Arbitrary<Tool>;
  const number = maybe(fc.double({ min: 0, max: 2, noNaN: true }).map(Math.abs));
  return fc
    .record({
      model: fc.constant(isOpenAi ? 'gpt-5.5' : 'model-a'),
      system: fc.array(text, { maxLength: 1 }),
      turns: fc
        .tuple(fc.array(round, { maxLength: 3 }), said)
        .map(([rounds, last]) => turnsOf(rounds, last, true)),
      tools: fc.oneof(
        fc.constant({ tools: [] }),
        fc
          .tuple(
            toolUseOf(fc.boolean()),
            maybe(fc.boolean()),
            fc.array(custom, { maxLength: isOpenAi ? 1 : 0 }),
          )
          .map(([used, isParallelToolCalls, customs]) => ({
            ...used,
            tools: [...used.tools, ...customs],
            isParallelToolCalls,
          })),
      ),
      output: maybe(
        fc.oneof(
          fc.constantFrom({ kind: 'text' as const }, { kind: 'json' as const }),
          fc.record({ kind: fc.constant('schema' as const), name, schema, isStrict: fc.boolean() }),
        ),
      ),
      reasoning: maybe(
        fc.constantFrom(
          { mode: 'off' as const, effort: 'none' },
          { mode: 'adaptive' as const, display: 'summarized' },
          { mode: 'adaptive' as const, effort: 'xhigh', display: 'summarized' },
        ),
      ),
      outputTokensMax: maybe(fc.integer({ min: 16, max: 100_000 })),
      temperature: isOpenAi ? fc.constant(undefined) : number,
      topP: isOpenAi ? fc.constant(undefined) : number,
      verbosity: isOpenAi ? maybe(fc.constantFrom('low', 'high')) : fc.constant(undefined),
      serviceTier: maybe(fc.constantFrom('flex', 'priority')),
      cacheKey: maybe(id),
      user: maybe(id),
      isStreaming: fc.boolean(),
      extra: fc.constantFrom(
        {},
        { 'openai-responses': { store: true, metadata: { team: 'a' }, 'reasoning.context': 'all_turns' } },
        { 'openai-responses': { include: ['web_search_call.action.sources'], truncation: 'auto' } },
      ),
    })
    .map(({ tools: used, ...request }) =>
      definedOnly({
        ...request,
        ...used,
        stop: [],
        answerCount: 1,
        isEncryptedReasoningWanted: true,
        isStreamUsageWanted: true,
      }),
    ) as fc.Arbitrary<Request>;
}

export const responsesRequest = fc.oneof(requestFor(true), requestFor(false));
