// What the laws are tried on: requests and replies of the hub, kept to what the dialect that is named can carry.

import fc from 'fast-check';
import type { FinishReason } from '../src/model/event.ts';
import type { Reply } from '../src/model/reply.ts';
import type { DialectName, Part, Request } from '../src/model/request.ts';
import type { Usage } from '../src/model/usage.ts';
import { geminiRequest, signedParts } from './arbitrary-gemini.ts';
import {
  calls,
  definedOnly,
  document,
  id,
  image,
  marked,
  maybe,
  name,
  schema,
  sparse,
  text,
  tokens,
  toolUseOf,
  turnsOf,
  words,
} from './arbitrary-parts.ts';
import { responsesRequest, responsesSpoken } from './arbitrary-responses.ts';

/**
 * @param others dialects that it has to go through as well; Gemini has no count of what was written to a cache, and
 * Responses always counts reasoning
 */
export function usageOf(dialect: DialectName, others: readonly DialectName[] = []): fc.Arbitrary<Usage> {
  const part = fc.double({ min: 0, max: 1, noNaN: true });
  return fc
    .record({
      input: tokens,
      output: tokens,
      cacheRead: tokens,
      cacheWrite: [dialect, ...others].includes('gemini') ? fc.constant(0) : tokens,
      part: [dialect, ...others].includes('openai-responses') ? part : maybe(part),
    })
    .map(({ part, ...usage }) => ({
      ...usage,
      ...(part !== undefined && { reasoning: Math.floor(usage.output * part) }),
      ...(part !== undefined &&
        dialect === 'anthropic-messages' && { cacheWriteOneHour: Math.floor(usage.cacheWrite * part) }),
    }));
}

const FINISHES: Readonly<Record<DialectName, readonly FinishReason[]>> = {
  'openai-chat': ['stop', 'length', 'refusal'],
  'openai-responses': ['stop', 'length', 'refusal'],
  'anthropic-messages': ['stop', 'length', 'refusal', 'contextFull', 'pause'],
  gemini: ['stop', 'length', 'refusal'],
};

/** Chat Completions has one text and one thought a reply, before the calls. */
export function replyOf(dialect: DialectName, others: readonly DialectName[] = []): fc.Arbitrary<Reply> {
  const text = words.map((value): Reply['parts'][number] => ({ kind: 'text', text: value }));
  const thinking = sparse(
    fc.record({
      kind: fc.constant('thinking' as const),
      text: words,
      signature: dialect === 'anthropic-messages' ? maybe(id) : fc.constant(undefined),
    }),
  ) as fc.Arbitrary<Reply['parts'][number]>;
  const redacted = id.map((data): Reply['parts'][number] => ({ kind: 'redactedThinking', data }));
  const spoken: fc.Arbitrary<readonly Reply['parts'][number][]> =
    dialect === 'anthropic-messages'
      ? fc.array(fc.oneof(text, thinking, redacted), { maxLength: 4 })
      : dialect === 'gemini'
        ? signedParts
        : dialect === 'openai-responses'
          ? responsesSpoken
          : fc
              .tuple(fc.array(thinking, { maxLength: 1 }), fc.array(text, { minLength: 1, maxLength: 1 }))
              .map((parts) => parts.flat());
  return fc
    .record({
      // Clients of Responses expect its ids to begin so.
      id: [dialect, ...others].includes('openai-responses') ? id.map((rest) => `resp_${rest}`) : id,
      model: name,
      spoken,
      calls,
      finish: fc.constantFrom(...FINISHES[dialect]),
      usage: usageOf(dialect, others),
    })
    .map(({ spoken, calls, finish, ...reply }) => ({
      ...reply,
      parts: [...spoken, ...calls],
      finish: finishOf(finish, spoken, calls),
    }));
}

/** An answer that says and calls nothing is none, unless the limit ended it. */
function finishOf(finish: FinishReason, spoken: Reply['parts'], calls: readonly unknown[]): FinishReason {
  if (finish !== 'stop' && finish !== 'pause') return finish;
  if (calls.length > 0) return finish === 'stop' ? 'tool' : finish;
  return spoken.some(({ kind }) => kind === 'text') ? finish : 'length';
}

export function requestOf(dialect: DialectName): fc.Arbitrary<Request> {
  if (dialect === 'gemini') return geminiRequest;
  if (dialect === 'openai-responses') return responsesRequest;
  return dialect === 'openai-chat' ? chatRequest : fc.oneof(messagesRequest(false), messagesRequest(true));
}

function messagesRequest(isAdaptive: boolean): fc.Arbitrary<Request> {
  const said = fc.array(fc.oneof(marked, image, document), { minLength: 1, maxLength: 3 });
  const thought = fc.oneof(
    fc.record({ text: words, signature: id }).map((fields): Part => ({ kind: 'thinking', ...fields })),
    id.map((data): Part => ({ kind: 'redactedThinking', data })),
  );
  const round = fc.record({
    user: said,
    system: isAdaptive ? maybe(marked) : fc.constant(undefined),
    assistant: fc
      .tuple(fc.array(thought, { maxLength: 1 }), fc.array(marked, { minLength: 1, maxLength: 2 }))
      .map((parts) => parts.flat()),
    calls,
    results: fc.array(fc.array(fc.oneof(marked, image, document), { maxLength: 2 }), {
      minLength: 3,
      maxLength: 3,
    }),
    isError: fc.boolean(),
  });
  const tools = toolUseOf(fc.constantFrom(undefined, true));
  const unit = maybe(fc.double({ min: 0, max: 1, noNaN: true, noDefaultInfinity: true }).map(Math.abs));
  const sampling = isAdaptive
    ? fc.constant({})
    : fc.record({ temperature: unit, topP: unit, topK: maybe(fc.nat(100)) });
  const reasoning = isAdaptive
    ? sparse(
        fc.record({
          mode: fc.constant('adaptive' as const),
          effort: maybe(fc.constantFrom('low', 'medium', 'high', 'xhigh', 'max')),
          display: maybe(fc.constantFrom('omitted', 'updates')),
        }),
      )
    : fc.constantFrom(undefined, { mode: 'off' as const });
  return sparse(
    fc
      .record({
        model: fc.constant(isAdaptive ? 'claude-opus-4-8' : 'model-a'),
        system: fc.array(marked, { maxLength: 3 }),
        turns: fc
          .tuple(fc.array(round, { maxLength: 3 }), said)
          .map(([rounds, last]) => turnsOf(rounds, last, false)),
        tools: fc.oneof(fc.constant({ tools: [] }), tools),
        sampling,
        reasoning,
        output: maybe(schema.map((form) => ({ kind: 'schema' as const, schema: form }))),
        outputTokensMax: fc.nat(100_000),
        stop: fc.array(words, { maxLength: 5 }),
        user: maybe(words),
        isStreaming: fc.boolean(),
        extra: fc.constantFrom(
          {},
          { 'anthropic-messages': { inference_geo: 'eu', metadata: { team: 'a' } } },
        ),
      })
      .map(({ tools: used, sampling: sampled, ...request }) =>
        definedOnly({
          ...request,
          ...used,
          ...sampled,
          answerCount: 1,
          isCacheMarked: true,
          isStreamUsageWanted: true,
        }),
      ),
  ) as fc.Arbitrary<Request>;
}

const chatRequest: fc.Arbitrary<Request> = (() => {
  const said = fc.oneof(
    text.map((part): readonly Part[] => [part]),
    fc.tuple(text, image, document, text),
  );
  const thought = words.map((value): Part => ({ kind: 'thinking', text: value }));
  const round = fc.record({
    user: said,
    system: maybe(text),
    assistant: fc
      .tuple(fc.array(thought, { maxLength: 1 }), fc.array(text, { minLength: 1, maxLength: 1 }))
      .map((parts): readonly Part[] => parts.flat()),
    calls,
    results: fc.array(fc.array(text, { minLength: 1, maxLength: 1 }), { minLength: 3, maxLength: 3 }),
    isError: fc.constant(false),
  });
  const number = maybe(fc.double({ min: -2, max: 2, noNaN: true }).map((value) => value + 0));
  const output = fc.oneof(
    fc.constantFrom({ kind: 'text' as const }, { kind: 'json' as const }),
    sparse(fc.record({ kind: fc.constant('schema' as const), name, schema, isStrict: maybe(fc.boolean()) })),
  );
  return fc
    .record({
      model: fc.constant('model-a'),
      system: fc.array(text, { maxLength: 1 }),
      turns: fc
        .tuple(fc.array(round, { maxLength: 3 }), said)
        .map(([rounds, last]) => turnsOf(rounds, last, true)),
      tools: fc.oneof(
        fc.constant({ tools: [] }),
        fc
          .tuple(toolUseOf(maybe(fc.boolean())), maybe(fc.boolean()))
          .map(([used, isParallelToolCalls]) => ({ ...used, isParallelToolCalls })),
      ),
      output: maybe(output),
      reasoning: maybe(
        fc.constantFrom(
          { mode: 'off' as const, effort: 'none' },
          { mode: 'adaptive' as const, effort: 'low' },
          { mode: 'adaptive' as const, effort: 'xhigh' },
        ),
      ),
      outputTokensMax: maybe(fc.integer({ min: 1, max: 100_000 })),
      stop: fc.array(words, { maxLength: 4 }),
      temperature: number,
      topP: number,
      seed: maybe(fc.integer()),
      presencePenalty: number,
      frequencyPenalty: number,
      answerCount: fc.integer({ min: 1, max: 3 }),
      user: maybe(id),
      isStreaming: fc.boolean(),
      extra: fc.constantFrom({}, { 'openai-chat': { logit_bias: { '50256': -100 } } }),
    })
    .map(({ tools: used, ...request }) =>
      definedOnly({ ...request, ...used, isStreamUsageWanted: request.isStreaming }),
    ) as fc.Arbitrary<Request>;
})();
