import { describe, expect, test } from 'vitest';
import { credentialHeaders } from '../src/credential-headers.ts';
import { findProviderKind, PROVIDER_KINDS, placeholderIn, spokenDialect } from '../src/providers.ts';

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
    if (placeholderIn(row.baseUrl) !== undefined) expect(row.localPort).toBeUndefined();
    else if (row.kind !== 'custom')
      expect(new URL(row.baseUrl).href).toBe(row.baseUrl.includes('/', 8) ? row.baseUrl : `${row.baseUrl}/`);
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
    ['openai', 'openai-responses', { authorization: 'Bearer k' }],
    ['azure-openai', 'openai-responses', { 'api-key': 'k' }],
    ['azure-openai', 'openai-chat', { 'api-key': 'k' }],
    ['gemini', 'gemini', { 'x-goog-api-key': 'k' }],
    ['gemini', 'openai-chat', { authorization: 'Bearer k' }],
    ['custom', 'gemini', { 'x-goog-api-key': 'k' }],
    ['vertex', 'gemini', { 'x-goog-api-key': 'k' }],
    ['bedrock', 'anthropic-messages', { authorization: 'Bearer k' }],
    ['minimax-anthropic', 'anthropic-messages', { 'x-api-key': 'k' }],
  ])('%s speaking %s gets its credential where it looks for it', (kind, dialect, headers) => {
    const provider = { kind, dialect, baseUrl: 'http://x/v1' };
    expect(credentialHeaders(provider, 'k')).toEqual(headers);
    expect(credentialHeaders(provider, '')).toEqual({});
  });
});

describe('what a provider is spoken to in', () => {
  const openai = { kind: 'openai', dialect: 'openai-responses', baseUrl: 'https://api.openai.com/v1' };
  const azure = {
    kind: 'azure-openai',
    dialect: 'openai-responses',
    baseUrl: 'https://mine.openai.azure.com/openai/v1',
  };

  test('is the client’s own dialect where the provider knows it at the same address', () => {
    expect(spokenDialect(openai, 'openai-chat')).toBe('openai-chat');
    expect(spokenDialect(azure, 'openai-chat')).toBe('openai-chat');
    expect(spokenDialect(openai, 'openai-responses')).toBe('openai-responses');
    expect(spokenDialect(openai, 'anthropic-messages')).toBe('openai-responses');
  });

  test('is what somebody put where the address or the dialect is not the kind’s own', () => {
    const proxy = { ...openai, baseUrl: 'http://10.0.0.5/v1' };
    expect(spokenDialect(proxy, 'openai-chat')).toBe('openai-responses');
    const chatOnly = { ...openai, dialect: 'openai-chat' };
    expect(spokenDialect(chatOnly, 'openai-responses')).toBe('openai-chat');
    const deepseek = { kind: 'deepseek', dialect: 'openai-chat', baseUrl: 'https://api.deepseek.com' };
    expect(spokenDialect(deepseek, 'openai-responses')).toBe('openai-chat');
  });

  test('the part of an address that only its admin knows is found', () => {
    expect(placeholderIn('https://{resource}.openai.azure.com/openai/v1')).toBe('{resource}');
    expect(placeholderIn('https://a.b/v1/projects/%7Bproject%7D/x')).toBe('%7Bproject%7D');
    expect(placeholderIn('https://api.openai.com/v1')).toBeUndefined();
  });
});
