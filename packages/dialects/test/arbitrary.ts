// What the laws are tried on: requests and replies of the hub, kept to what the dialect that is named can carry.

import fc from 'fast-check';
import type { JsonObject } from '../src/json/value.ts';
import type { FinishReason } from '../src/model/event.ts';
import type { Reply } from '../src/model/reply.ts';
import type {
  DialectName,
  DocumentPart,
  ImagePart,
  Part,
  Request,
  TextPart,
  Tool,
  ToolCallPart,
  ToolResultPart,
  Turn,
} from '../src/model/request.ts';
import type { Usage } from '../src/model/usage.ts';

const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** Words of any script, with quotes, line ends and signs that have two halves; never blank, never the tag of a thought. */
const words = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 24 })
  .map((text) => `a${text.replaceAll('<', '')}z`);

const name = fc.stringMatching(/^[a-z][a-z_]{0,12}$/);
const id = fc.stringMatching(/^[A-Za-z][\w-]{0,20}$/);
const json = fc.dictionary(name, fc.oneof(words, fc.integer(), fc.boolean()), { maxKeys: 3 });
const tokens = fc.nat(1_000_000);

function maybe<Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> {
  return fc.option(arbitrary, { nil: undefined });
}

/** Without the fields that have no value, as the hub is written. */
function sparse<Value extends object>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value> {
  return arbitrary.map(
    (value) => Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Value,
  );
}

const calls = fc.uniqueArray(
  fc.record({
    kind: fc.constant('toolCall' as const),
    id,
    name,
    argumentsText: json.map((input) => JSON.stringify(input)),
  }),
  { maxLength: 3, selector: (call) => call.id },
);

/** @param others dialects that it has to go through as well; Gemini has no count of what was written to a cache */
export function usageOf(dialect: DialectName, others: readonly DialectName[] = []): fc.Arbitrary<Usage> {
  return fc
    .record({
      input: tokens,
      output: tokens,
      cacheRead: tokens,
      cacheWrite: [dialect, ...others].includes('gemini') ? fc.constant(0) : tokens,
      part: maybe(fc.double({ min: 0, max: 1, noNaN: true })),
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
        : fc
            .tuple(fc.array(thinking, { maxLength: 1 }), fc.array(text, { minLength: 1, maxLength: 1 }))
            .map((parts) => parts.flat());
  return fc
    .record({
      id,
      model: name,
      spoken,
      calls,
      finish: fc.constantFrom(...FINISHES[dialect]),
      usage: usageOf(dialect, others),
    })
    .map(({ spoken, calls, finish, ...reply }) => ({
      ...reply,
      parts: [...spoken, ...calls],
      finish: calls.length > 0 && finish === 'stop' ? 'tool' : finish,
    }));
}

/** Texts with thoughts between them; without a signature between them, two of a kind are one. */
const signedParts: fc.Arbitrary<Reply['parts']> = fc
  .array(
    fc.record({
      thought: fc.option(fc.oneof(words, fc.constant('')), { nil: undefined }),
      signature: fc.option(id, { nil: undefined }),
      said: words,
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((rounds) =>
    rounds.flatMap(({ thought = '', signature, said }, at): Reply['parts'][number][] => {
      const text = { kind: 'text' as const, text: said };
      if (signature !== undefined) return [{ kind: 'thinking', text: thought, signature }, text];
      if (thought !== '') return [{ kind: 'thinking', text: thought }, text];
      return at === 0 ? [text] : [];
    }),
  );

export function requestOf(dialect: DialectName): fc.Arbitrary<Request> {
  if (dialect === 'gemini') return geminiRequest;
  return dialect === 'openai-chat' ? chatRequest : fc.oneof(messagesRequest(false), messagesRequest(true));
}

const text = words.map((value): TextPart => ({ kind: 'text', text: value }));
const marked = fc.oneof(
  text,
  text.map((part): TextPart => ({ ...part, cacheControl: { type: 'ephemeral' } })),
);
const image = fc.constantFrom<ImagePart>(
  { kind: 'image', source: { kind: 'base64', mediaType: 'image/png', data: PNG } },
  { kind: 'image', source: { kind: 'url', url: 'https://example.com/a.png' } },
);
const document = words.map(
  (title): DocumentPart => ({
    kind: 'document',
    source: { kind: 'base64', mediaType: 'application/pdf', data: 'JVBERi0xLjQK' },
    title,
  }),
);
const schema = json.map(
  (properties): JsonObject => ({
    type: 'object',
    properties: Object.fromEntries(Object.keys(properties).map((key) => [key, { type: 'string' }])),
    additionalProperties: false,
  }),
);

function toolsOf(isStrict: fc.Arbitrary<boolean | undefined>): fc.Arbitrary<readonly Tool[]> {
  const tool = sparse(
    fc.record({
      kind: fc.constant('function' as const),
      name,
      description: maybe(words),
      schema,
      isStrict,
    }),
  ) as fc.Arbitrary<Tool>;
  return fc.uniqueArray(tool, {
    minLength: 1,
    maxLength: 3,
    selector: (one) => ('name' in one ? one.name : ''),
  });
}

const toolChoice = fc.oneof(
  fc.constantFrom('auto' as const, 'none' as const, 'any' as const).map((kind) => ({ kind })),
  name.map((called) => ({ kind: 'tool' as const, name: called })),
);

interface Round {
  readonly user: readonly Part[];
  /** System text between question and answer, for models that take it there. */
  readonly system: TextPart | undefined;
  readonly assistant: readonly Part[];
  readonly calls: readonly ToolCallPart[];
  readonly results: readonly ToolResultPart['parts'][];
  readonly isError: boolean;
}

/** Rounds of question, answer and results, with ids that no two calls share. */
function turnsOf(rounds: readonly Round[], last: readonly Part[], areResultsApart: boolean): readonly Turn[] {
  const turns: Turn[] = [];
  let pending: readonly ToolResultPart[] = [];
  const ask = (parts: readonly Part[]): void => {
    if (!areResultsApart) turns.push({ role: 'user', parts: [...pending, ...parts] });
    else {
      if (pending.length > 0) turns.push({ role: 'user', parts: pending });
      turns.push({ role: 'user', parts });
    }
  };
  rounds.forEach(({ user, system, assistant, calls, results, isError }, round) => {
    ask(user);
    if (system !== undefined) turns.push({ role: 'system', parts: [system] });
    const named = calls.map((call) => ({ ...call, id: `${call.id}_${round}` }));
    turns.push({ role: 'assistant', parts: [...assistant, ...named] });
    pending = named.map(({ id: callId }, at) => ({
      kind: 'toolResult',
      callId,
      parts: results[at] ?? [],
      isError,
    }));
  });
  ask(last);
  return turns;
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
  const tools = fc.record({
    tools: toolsOf(fc.constantFrom(undefined, true)),
    toolChoice: maybe(toolChoice),
  });
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
        fc.record({
          tools: toolsOf(maybe(fc.boolean())),
          toolChoice: maybe(toolChoice),
          isParallelToolCalls: maybe(fc.boolean()),
        }),
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

const geminiRequest: fc.Arbitrary<Request> = (() => {
  const paper = fc.constant<DocumentPart>({
    kind: 'document',
    source: { kind: 'base64', mediaType: 'application/pdf', data: 'JVBERi0xLjQK' },
  });
  const said = fc.array(fc.oneof(text, image, paper), { minLength: 1, maxLength: 3 });
  const thought = fc
    .record({ text: fc.oneof(words, fc.constant('')), signature: id })
    .map((fields): Part => ({ kind: 'thinking', ...fields }));
  const round = fc.record({
    user: said,
    system: fc.constant(undefined),
    assistant: fc.array(fc.oneof(thought, text), { minLength: 1, maxLength: 3 }),
    calls,
    results: fc.array(fc.array(text, { maxLength: 1 }).chain(withMedia), { minLength: 3, maxLength: 3 }),
    isError: fc.constant(false),
  });
  function withMedia(texts: readonly TextPart[]): fc.Arbitrary<ToolResultPart['parts']> {
    return fc.array(fc.oneof(image, paper), { maxLength: 2 }).map((media) => [...texts, ...media]);
  }
  const number = maybe(fc.double({ min: 0, max: 2, noNaN: true }).map(Math.abs));
  return fc
    .record({
      model: fc.constant('gemini-3.8-flash'),
      system: fc.array(text, { maxLength: 2 }),
      turns: fc
        .tuple(fc.array(round, { maxLength: 3 }), said)
        .map(([rounds, last]) => turnsOf(rounds, last, false)),
      tools: fc.oneof(
        fc.constant({ tools: [] }),
        fc.record({ tools: toolsOf(fc.constant(undefined)), toolChoice: maybe(toolChoice) }),
      ),
      output: maybe(
        fc.oneof(
          fc.constantFrom({ kind: 'text' as const }, { kind: 'json' as const }),
          schema.map((form) => ({ kind: 'schema' as const, schema: form })),
        ),
      ),
      reasoning: maybe(
        sparse(
          fc.record({
            mode: fc.constant('adaptive' as const),
            effort: maybe(fc.constantFrom('minimal', 'low', 'medium', 'high')),
            display: maybe(fc.constant('omitted')),
          }),
        ),
      ),
      outputTokensMax: maybe(fc.integer({ min: 1, max: 100_000 })),
      stop: fc.array(words, { maxLength: 5 }),
      temperature: number,
      topP: number,
      topK: maybe(fc.nat(100)),
      seed: maybe(fc.integer()),
      presencePenalty: number,
      frequencyPenalty: number,
      serviceTier: maybe(fc.constantFrom('default', 'flex', 'priority')),
      isStreaming: fc.boolean(),
      extra: fc.constantFrom(
        {},
        { gemini: { cachedContent: 'cachedContents/a', labels: { team_name: 'a' } } },
      ),
    })
    .map(({ tools: used, ...request }) =>
      definedOnly({ ...request, ...used, answerCount: 1, isStreamUsageWanted: true }),
    ) as fc.Arbitrary<Request>;
})();

function definedOnly(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined));
}
