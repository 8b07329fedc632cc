import { describe, expect, test } from 'vitest';
import { credentialHeaders, findProviderKind, PROVIDER_KINDS } from '../src/providers.ts';

describe('the table of providers', () => {
  test('names each kind and each environment variable once', () => {
    const kinds = PROVIDER_KINDS.map(({ kind }) => kind);
    const keys = PROVIDER_KINDS.flatMap(({ environmentKey }) => environmentKey ?? []);
    expect(new Set(kinds).size).toBe(kinds.length);
    expect(new Set(keys).size).toBe(keys.length);
    expect(findProviderKind('openai')?.title).toBe('OpenAI');
    expect(findProviderKind('nobody')).toBeUndefined();
  });

  test.each(PROVIDER_KINDS)('$kind has an address that the dialect’s path can be put after', (row) => {
    if (row.kind !== 'custom') expect(row.baseUrl).toMatch(/^https?:\/\/[^?#]*[^/]$/);
    if (row.localPort !== undefined) expect(new URL(row.baseUrl).port).toBe(String(row.localPort));
    expect(row.documentation).toMatch(/^https:\/\//);
    // A provider found by its key must offer something even when its list cannot be read.
    if (row.environmentKey !== undefined) expect(row.fallbackModels.length).toBeGreaterThan(0);
  });

  test.each([
    ['anthropic', 'anthropic-messages', { 'x-api-key': 'k' }],
    ['custom', 'anthropic-messages', { 'x-api-key': 'k' }],
    ['custom', 'openai-chat', { authorization: 'Bearer k' }],
    ['anthropic', 'openai-chat', { authorization: 'Bearer k' }],
    ['minimax', 'anthropic-messages', { 'x-api-key': 'k' }],
    ['vllm', 'openai-chat', { authorization: 'Bearer k' }],
  ])('%s speaking %s gets its credential where it looks for it', (kind, dialect, headers) => {
    const provider = { kind, dialect, baseUrl: 'http://x/v1' };
    expect(credentialHeaders(provider, 'k')).toEqual(headers);
    expect(credentialHeaders(provider, '')).toEqual({});
  });
});
