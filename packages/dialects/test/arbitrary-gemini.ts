// Requests and replies as Gemini can say them.

import fc from 'fast-check';
import type { Reply } from '../src/model/reply.ts';
import type { DocumentPart, Part, Request, TextPart, ToolResultPart } from '../src/model/request.ts';
import {
  calls,
  definedOnly,
  id,
  image,
  maybe,
  schema,
  sparse,
  text,
  toolChoice,
  toolsOf,
  turnsOf,
  words,
} from './arbitrary-parts.ts';

/** Texts with thoughts between them; without a signature between them, two of a kind are one. */
export const signedParts: fc.Arbitrary<Reply['parts']> = fc
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

export const geminiRequest: fc.Arbitrary<Request> = (() => {
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
      serviceTier: maybe(fc.constantFrom('flex', 'priority')),
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
