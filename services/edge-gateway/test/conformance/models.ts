// The providers of gateway.ts, with models whose families have rules of their own.

import { type Gateway, openGateway, PROVIDER_KEY } from '../gateway.ts';

/** One for each dialect of providers, and more where models of one dialect differ: kind, dialect, and the model's name. */
export const MODELS = {
  claude: ['anthropic', 'anthropic-messages', 'claude-opus-4-8'],
  'claude-with-budget': ['anthropic', 'anthropic-messages', 'claude-sonnet-4-5'],
  glm: ['zai', 'openai-chat', 'glm-5'],
  deepseek: ['deepseek', 'openai-chat', 'deepseek-v4-pro'],
  'gemini-3': ['gemini', 'gemini', 'gemini-3-pro-preview'],
  'gemini-2': ['gemini', 'gemini', 'gemini-2.5-pro'],
  gpt: ['openai', 'openai-responses', 'gpt-5.5'],
  'gpt-by-chat': ['openai', 'openai-chat', 'gpt-5.5'],
  'local-responses': ['vllm', 'openai-responses', 'qwen3-coder'],
  local: ['vllm', 'openai-chat', 'qwen3-coder'],
} as const;

export type ModelName = keyof typeof MODELS;

export async function openModels(): Promise<Gateway> {
  const gateway = await openGateway();
  const { tenant, ports, provider } = gateway;
  for (const [name, [kind, dialect, model]] of Object.entries(MODELS)) {
    await ports.router.putProvider({
      provider: {
        tenant,
        name,
        kind,
        dialect,
        baseUrl: provider.baseUrl,
        hasCredential: true,
        origin: 'admin',
        updatedAtMs: 0n,
        models: [],
        capabilities: undefined,
        modelCapabilities: {},
      },
      credential: PROVIDER_KEY,
    });
    const resources = [{ provider: name, model, weight: 1, priority: 0 }];
    await ports.router.putAlias({ alias: { tenant, name, resources, updatedAtMs: 0n } });
  }
  return gateway;
}
