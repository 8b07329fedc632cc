// The small things that requests and replies of the hub are made of, in every dialect.

import fc from 'fast-check';
import type { JsonObject } from '../src/json/value.ts';
import type {
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

const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** Words of any script, with quotes, line ends and signs that have two halves; never blank, never the tag of a thought. */
export const words = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 24 })
  .map((text) => `a${text.replaceAll('<', '')}z`);

export const name = fc.stringMatching(/^[a-z][a-z_]{0,12}$/);
export const id = fc.stringMatching(/^[A-Za-z][\w-]{0,20}$/);
const json = fc.dictionary(name, fc.oneof(words, fc.integer(), fc.boolean()), { maxKeys: 3 });
export const tokens = fc.nat(1_000_000);

export function maybe<Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> {
  return fc.option(arbitrary, { nil: undefined });
}

/** Without the fields that have no value, as the hub is written. */
export function sparse<Value extends object>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value> {
  return arbitrary.map(
    (value) => Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Value,
  );
}

export const calls = fc.uniqueArray(
  fc.record({
    kind: fc.constant('toolCall' as const),
    id,
    name,
    argumentsText: json.map((input) => JSON.stringify(input)),
  }),
  { maxLength: 3, selector: (call) => call.id },
);

export const text = words.map((value): TextPart => ({ kind: 'text', text: value }));
export const marked = fc.oneof(
  text,
  text.map((part): TextPart => ({ ...part, cacheControl: { type: 'ephemeral' } })),
);
export const image = fc.constantFrom<ImagePart>(
  { kind: 'image', source: { kind: 'base64', mediaType: 'image/png', data: PNG } },
  { kind: 'image', source: { kind: 'url', url: 'https://example.com/a.png' } },
);
export const document = words.map(
  (title): DocumentPart => ({
    kind: 'document',
    source: { kind: 'base64', mediaType: 'application/pdf', data: 'JVBERi0xLjQK' },
    title,
  }),
);
export const schema = json.map(
  (properties): JsonObject => ({
    type: 'object',
    properties: Object.fromEntries(Object.keys(properties).map((key) => [key, { type: 'string' }])),
    required: Object.keys(properties),
    additionalProperties: false,
  }),
);

export function toolsOf(isStrict: fc.Arbitrary<boolean | undefined>): fc.Arbitrary<readonly Tool[]> {
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

export const toolChoice = fc.oneof(
  fc.constantFrom('auto' as const, 'none' as const, 'any' as const).map((kind) => ({ kind })),
  name.map((called) => ({ kind: 'tool' as const, name: called })),
);

/** Tools with a choice that can be met. */
export function toolUseOf(isStrict: fc.Arbitrary<boolean | undefined>): fc.Arbitrary<Pick<Request, 'tools'>> {
  return toolsOf(isStrict).chain((tools) => {
    const names = tools.map((tool) => ('name' in tool ? tool.name : ''));
    const choice = fc.oneof(
      fc.constantFrom('auto' as const, 'none' as const, 'any' as const).map((kind) => ({ kind })),
      fc.constantFrom(...names).map((called) => ({ kind: 'tool' as const, name: called })),
    );
    return fc.record({ tools: fc.constant(tools), toolChoice: maybe(choice) });
  });
}

export interface Round {
  readonly user: readonly Part[];
  /** System text between question and answer, for models that take it there. */
  readonly system: TextPart | undefined;
  readonly assistant: readonly Part[];
  readonly calls: readonly ToolCallPart[];
  readonly results: readonly ToolResultPart['parts'][];
  readonly isError: boolean;
}

/** Rounds of question, answer and results, with ids that no two calls share. */
export function turnsOf(
  rounds: readonly Round[],
  last: readonly Part[],
  areResultsApart: boolean,
): readonly Turn[] {
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

export function definedOnly(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined));
}
