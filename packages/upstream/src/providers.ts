import type { DialectName } from '@ai-switch/dialects';

/**
 * A kind of provider: everything that tells one from another, as data. Adding a provider is adding a row; what a row
 * cannot say is a named quirk.
 */
export interface ProviderKind {
  /** The name that a stored provider refers to it by. */
  readonly kind: string;
  readonly title: string;
  /** What it speaks. A `custom` provider may speak any dialect; this is what it speaks unless told otherwise. */
  readonly dialect: DialectName;
  /** With its version and without a trailing slash; the dialect's path is put after it. Empty: the admin must give one. */
  readonly baseUrl: string;
  /** The environment variable in which people already keep its key. */
  readonly environmentKey?: string;
  /** Where it listens on the own machine when it is started without options. */
  readonly localPort?: number;
  /** How the credential travels. An empty credential is not sent at all. */
  readonly credentialHeader: 'bearer' | 'x-api-key';
  /** True when `GET {baseUrl}/models` names all that it serves. */
  readonly listsModels: boolean;
  /** What is offered when its own list cannot be read. Any other model is reached as `<provider>/<model>`. */
  readonly fallbackModels: readonly string[];
  /** The address of its API reference. */
  readonly documentation: string;
}

// Model names seen in November 2026.
export const PROVIDER_KINDS: readonly ProviderKind[] = [
  {
    kind: 'openai',
    title: 'OpenAI',
    dialect: 'openai-chat',
    baseUrl: 'https://api.openai.com/v1',
    environmentKey: 'OPENAI_API_KEY',
    credentialHeader: 'bearer',
    listsModels: true,
    fallbackModels: ['gpt-5.5', 'gpt-6.1-sol'],
    documentation: 'https://platform.openai.com/docs/api-reference/chat',
  },
  {
    kind: 'anthropic',
    title: 'Anthropic',
    dialect: 'anthropic-messages',
    baseUrl: 'https://api.anthropic.com/v1',
    environmentKey: 'ANTHROPIC_API_KEY',
    credentialHeader: 'x-api-key',
    listsModels: true,
    fallbackModels: [
      'claude-opus-5-5',
      'claude-sonnet-5-5',
      'claude-sonnet-4-5',
      'claude-haiku-4-5-20251001',
    ],
    documentation: 'https://platform.claude.com/docs/en/api/messages',
  },
  {
    kind: 'gemini',
    title: 'Google Gemini',
    dialect: 'openai-chat',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
    environmentKey: 'GEMINI_API_KEY',
    credentialHeader: 'bearer',
    listsModels: true,
    fallbackModels: ['gemini-3.8-flash', 'gemini-3.5-flash-lite', 'gemini-2.5-pro'],
    documentation: 'https://ai.google.dev/gemini-api/docs/openai',
  },
  {
    kind: 'xai',
    title: 'xAI Grok',
    dialect: 'openai-chat',
    baseUrl: 'https://api.x.ai/v1',
    environmentKey: 'XAI_API_KEY',
    credentialHeader: 'bearer',
    listsModels: true,
    fallbackModels: ['grok-4.3', 'grok-4.20-reasoning', 'grok-4.20-non-reasoning'],
    documentation: 'https://docs.x.ai/docs/api-reference',
  },
  {
    kind: 'deepseek',
    title: 'DeepSeek',
    dialect: 'openai-chat',
    // The provider's own address: its paths have no version.
    baseUrl: 'https://api.deepseek.com',
    environmentKey: 'DEEPSEEK_API_KEY',
    credentialHeader: 'bearer',
    listsModels: true,
    fallbackModels: ['deepseek-flash', 'deepseek-v4-pro'],
    documentation: 'https://api-docs.deepseek.com/api/create-chat-completion',
  },
  {
    kind: 'qwen',
    title: 'Qwen (DashScope)',
    dialect: 'openai-chat',
    // The address for keys made outside mainland China. A key belongs to one region: for the mainland, put the provider
    // with the base URL https://dashscope.aliyuncs.com/compatible-mode/v1.
    baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    environmentKey: 'DASHSCOPE_API_KEY',
    credentialHeader: 'bearer',
    listsModels: true,
    fallbackModels: ['qwen3.7-plus', 'qwen-plus'],
    documentation: 'https://www.alibabacloud.com/help/en/model-studio/base-url',
  },
  {
    kind: 'glm',
    title: 'GLM (Zhipu)',
    dialect: 'openai-chat',
    baseUrl: 'https://open.bigmodel.cn/api/paas/v4',
    environmentKey: 'ZHIPUAI_API_KEY',
    credentialHeader: 'bearer',
    // Its reference has no list of models, and what the path answers leaves models out.
    listsModels: false,
    fallbackModels: ['glm-5.3', 'glm-5.2', 'glm-5.1', 'glm-5', 'glm-4.7'],
    documentation: 'https://docs.bigmodel.cn/cn/guide/develop/http/introduction',
  },
  {
    kind: 'minimax',
    title: 'MiniMax',
    dialect: 'openai-chat',
    baseUrl: 'https://api.minimax.io/v1',
    environmentKey: 'MINIMAX_API_KEY',
    credentialHeader: 'bearer',
    listsModels: true,
    fallbackModels: ['MiniMax-M3', 'MiniMax-M2.7'],
    documentation: 'https://platform.minimax.io/docs/api-reference/text-openai-api',
  },
  {
    kind: 'ollama',
    title: 'Ollama',
    dialect: 'openai-chat',
    baseUrl: 'http://127.0.0.1:11434/v1',
    localPort: 11434,
    credentialHeader: 'bearer',
    listsModels: true,
    fallbackModels: [],
    documentation: 'https://docs.ollama.com/api/openai-compatibility',
  },
  {
    kind: 'vllm',
    title: 'vLLM',
    dialect: 'openai-chat',
    baseUrl: 'http://127.0.0.1:8000/v1',
    localPort: 8000,
    credentialHeader: 'bearer',
    listsModels: true,
    fallbackModels: [],
    documentation: 'https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html',
  },
  {
    kind: 'sglang',
    title: 'SGLang',
    dialect: 'openai-chat',
    baseUrl: 'http://127.0.0.1:30000/v1',
    localPort: 30000,
    credentialHeader: 'bearer',
    listsModels: true,
    fallbackModels: [],
    documentation: 'https://docs.sglang.ai/basic_usage/openai_api_completions.html',
  },
  {
    kind: 'custom',
    title: 'Any compatible address',
    dialect: 'openai-chat',
    baseUrl: '',
    credentialHeader: 'bearer',
    listsModels: true,
    fallbackModels: [],
    documentation: 'https://platform.openai.com/docs/api-reference/chat',
  },
];

const byKind = new Map(PROVIDER_KINDS.map((row) => [row.kind, row]));

export function findProviderKind(kind: string): ProviderKind | undefined {
  return byKind.get(kind);
}

/** What to call a provider with: a row, or what is stored of one. */
export interface ProviderAddress {
  readonly kind: string;
  readonly dialect: string;
  readonly baseUrl: string;
}

/**
 * The headers that carry the credential. A provider with an address or dialect of its own is asked in the way of its
 * dialect: Anthropic's SDK sends `x-api-key`, OpenAI's a bearer token.
 */
export function credentialHeaders(
  provider: ProviderAddress,
  credential: string,
): Readonly<Record<string, string>> {
  if (credential === '') return {};
  const row = byKind.get(provider.kind);
  const isOwnDialect = row !== undefined && row.kind !== 'custom' && row.dialect === provider.dialect;
  const byDialect = provider.dialect === 'anthropic-messages' ? 'x-api-key' : 'bearer';
  const header = isOwnDialect ? row.credentialHeader : byDialect;
  return header === 'x-api-key' ? { 'x-api-key': credential } : { authorization: `Bearer ${credential}` };
}
