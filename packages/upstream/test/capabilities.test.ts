import { describe, expect, test } from 'vitest';
import { capabilitiesOf, originOf } from '../src/capabilities.ts';
import { findProviderKind } from '../src/providers.ts';
import type { UpstreamTarget } from '../src/request-headers.ts';

function target(kind: string, model: string, capabilities?: UpstreamTarget['capabilities']): UpstreamTarget {
  const row = findProviderKind(kind);
  return {
    provider: 'mine',
    kind,
    model,
    dialect: row?.dialect ?? 'openai-chat',
    baseUrl: row?.baseUrl ?? '',
    credential: '',
    capabilities,
  };
}

describe('what a target can do', () => {
  test('is what its kind says', () => {
    expect(capabilitiesOf(target('deepseek', 'deepseek-v4-pro'))).toMatchObject({
      outputSchema: false,
      jsonMode: true,
    });
    expect(capabilitiesOf(target('anthropic', 'claude-opus-5-5'))).toMatchObject({ cacheControl: true });
    expect(capabilitiesOf(target('custom', 'm'))).toEqual({});
    expect(capabilitiesOf(target('nobody', 'm'))).toEqual({});
  });

  test('differs by model where the table says so', () => {
    expect(capabilitiesOf(target('glm', 'glm-4.7')).toolChoice).toBe(false);
    expect(capabilitiesOf(target('glm', 'glm-5.2')).toolChoice).toBeUndefined();
    expect(capabilitiesOf(target('glm', 'glm-5.2')).images).toBe(false);
    expect(capabilitiesOf(target('zai', 'glm-4.6v')).images).toBeUndefined();
    expect(capabilitiesOf(target('minimax', 'MiniMax-M2.7')).images).toBe(false);
    expect(capabilitiesOf(target('minimax', 'MiniMax-M3')).images).toBeUndefined();
    expect(capabilitiesOf(target('moonshot', 'kimi-k2.6'))).toMatchObject({
      sampling: false,
      toolChoice: false,
    });
  });

  test.each(['qwq-plus', 'qvq-max', 'qwen3-32b', 'qwen3-235b-a22b-thinking-2507', 'qwen3.5-omni-plus'])(
    'case 72: %s answers in streams only',
    (model) => {
      expect(capabilitiesOf(target('qwen', model)).isStreamOnly).toBe(true);
    },
  );

  test('the hosted Qwen models answer whole as well', () => {
    for (const model of ['qwen-plus', 'qwen3.7-plus', 'qwen3-max', 'qwen3-coder-plus']) {
      expect([model, capabilitiesOf(target('qwen', model)).isStreamOnly]).toEqual([model, undefined]);
    }
  });

  test('is before all what somebody set', () => {
    const set = { images: true, outputTokensMax: 8_192, documents: undefined };
    expect(capabilitiesOf(target('minimax', 'MiniMax-M2.7', set))).toMatchObject({
      images: true,
      outputTokensMax: 8_192,
      documents: false,
    });
  });

  test('what a provider’s account and model hide belongs to both', () => {
    expect(originOf(target('openai', 'gpt-5.5'))).toBe('mine/gpt-5.5');
  });
});
