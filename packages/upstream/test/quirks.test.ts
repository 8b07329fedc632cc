import { readdirSync, readFileSync } from 'node:fs';
import type { Capabilities, DialectName, JsonObject } from '@ai-switch/dialects';
import { describe, expect, test } from 'vitest';
import { applyQuirks } from '../src/index.ts';
import { findProviderKind, PROVIDER_KINDS } from '../src/providers.ts';
import type { Quirk } from '../src/quirks/quirk.ts';

interface QuirkCase {
  /** A sentence of the product. */
  readonly title: string;
  readonly kind: string;
  readonly model: string;
  readonly dialect?: DialectName;
  readonly clientDialect?: DialectName;
  readonly isStreaming?: boolean;
  readonly affinityKey?: string;
  readonly baseUrl?: string;
  readonly capabilities?: Capabilities;
  readonly input: JsonObject;
  /** Absent: the very same object. */
  readonly output?: JsonObject;
  readonly dropped?: readonly string[];
}

const folder = new URL('../fixtures/quirks/', import.meta.url);
const fixtures = readdirSync(folder).map((file) => ({
  name: file.replace(/\.json$/, ''),
  cases: JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as readonly QuirkCase[],
}));

const quirks = new Map<string, Quirk>(
  PROVIDER_KINDS.flatMap((row) => (row.quirks ?? []).map((quirk) => [quirk.name, quirk] as const)),
);

function targetOf({ kind, model, dialect, baseUrl, capabilities }: QuirkCase) {
  const row = findProviderKind(kind);
  return {
    provider: kind,
    kind,
    model,
    dialect: dialect ?? row?.dialect ?? '',
    baseUrl: baseUrl ?? row?.baseUrl ?? '',
    credential: '',
    capabilities,
  };
}

function contextOf({ model, clientDialect, isStreaming, affinityKey }: QuirkCase) {
  return {
    model,
    isStreaming: isStreaming ?? false,
    clientDialect: clientDialect ?? ('openai-chat' as const),
    affinityKey: affinityKey ?? '',
  };
}

function frozen(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) frozen(inner);
}

for (const { name, cases } of fixtures) {
  describe(name, () => {
    const quirk = quirks.get(name);
    if (quirk === undefined) throw new Error(`no kind of provider has the quirk ${name}`);
    for (const each of cases) {
      test(each.title, () => {
        frozen(each.input);
        const dropped: string[] = [];
        const target = targetOf(each);
        const call = {
          ...contextOf(each),
          target,
          dialect: target.dialect,
          drop: (of: string) => dropped.push(of),
        };
        const output = quirk(each.input, { ...call, drop: (of) => void dropped.push(of) });
        if (each.output === undefined) expect(output).toBe(each.input);
        else expect(output).toStrictEqual(each.output);
        expect([...new Set(dropped)].sort()).toEqual(each.dropped ?? []);
        // What was changed once is fit: a body that comes back through is not changed again.
        expect(quirk(output, { ...call, drop: () => {} })).toEqual(output);
        expect(findProviderKind(each.kind)?.quirks ?? []).toContain(quirk);
      });
    }
  });
}

describe('the quirks', () => {
  test('have a fixture each, which shows where it changes something and where not', () => {
    expect(fixtures.map(({ name }) => name).sort()).toEqual([...quirks.keys()].sort());
    for (const { name, cases } of fixtures) {
      expect([name, cases.some(({ output }) => output !== undefined)]).toEqual([name, true]);
      expect([name, cases.some(({ output }) => output === undefined)]).toEqual([name, true]);
    }
  });

  test('of a kind are applied one after the other, and say what had to be left out', () => {
    const target = targetOf({ title: '', kind: 'deepseek', model: 'deepseek-v4-pro', input: {} });
    const input = {
      model: 'deepseek-v4-pro',
      messages: [{ role: 'assistant', content: 'a' }],
      reasoning_effort: 'xhigh',
      temperature: 0.3,
      user: 'alice',
    };
    const dropped = new Set<string>();
    const context = {
      model: target.model,
      isStreaming: false,
      clientDialect: 'gemini',
      affinityKey: '',
    } as const;
    expect(applyQuirks(target, input, { ...context, dropped })).toEqual({
      model: 'deepseek-v4-pro',
      messages: [{ role: 'assistant', content: 'a', reasoning_content: '' }],
      reasoning_effort: 'high',
      user_id: 'alice',
    });
    expect([...dropped]).toEqual(['temperature']);
    expect(applyQuirks({ ...target, kind: 'custom' }, input, context)).toBe(input);
    expect(applyQuirks({ ...target, kind: 'nobody' }, input, context)).toBe(input);
  });

  test.each([
    ['anthropic', 'claude-opus-5-5', 'anthropic-messages'],
    ['qwen', 'qwen3.7-plus', 'openai-chat'],
    ['openrouter', 'z-ai/glm-5', 'openai-chat'],
  ] as const)('case 18: %s keeps marks of what to cache as they are', (kind, model, dialect) => {
    const mark = { type: 'ephemeral', ttl: '1h' };
    const input = {
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hi', cache_control: mark }] }],
    };
    const target = targetOf({ title: '', kind, model, input });
    const context = { model, isStreaming: false, clientDialect: dialect, affinityKey: '' };
    expect(applyQuirks(target, input, context)).toBe(input);
  });

  test('leave malformed bodies to the provider that refuses them', () => {
    const odd: JsonObject[] = [
      {},
      { messages: 'no', tools: 7, input: {}, contents: null },
      {
        messages: [null, 3, 'x', { role: 'assistant', content: 5, tool_calls: 'x' }],
        tools: [null, { function: 1 }],
      },
      {
        input: [null, 'x'],
        contents: [{ parts: 'x' }, { parts: [null, { functionCall: 'x' }] }],
        thinking: 'x',
      },
    ];
    for (const row of PROVIDER_KINDS) {
      for (const body of odd) {
        const target = targetOf({
          title: '',
          kind: row.kind,
          model: row.fallbackModels[0] ?? 'm',
          input: {},
        });
        const context = contextOf({
          title: '',
          kind: row.kind,
          model: target.model,
          affinityKey: 'k',
          input: {},
        });
        expect(() => applyQuirks(target, body, context)).not.toThrow();
      }
    }
  });
});
