// Providers with an address of their own on the internet. Model names were seen in November 2026.

import type { ProviderKind } from '../providers.ts';
import { withoutCacheControl } from '../quirks/cache-control.ts';
import { claudeSampling, claudeThinking } from '../quirks/claude.ts';
import { grokUnsupported } from '../quirks/grok.ts';
import { mistralCallIds, mistralFields } from '../quirks/mistral.ts';
import { OPENAI_QUIRKS, promptCacheKey } from '../quirks/openai.ts';
import { openrouterReasoning } from '../quirks/openrouter.ts';
import { encryptedReasoning, statelessItems, storeNothing } from '../quirks/responses.ts';
import { CHAT_COMPATIBLE } from './shared-capabilities.ts';

export const HOSTED: readonly ProviderKind[] = [
  {
    kind: 'openai',
    title: 'OpenAI',
    // What its newer models take tools and reasoning together in.
    dialect: 'openai-responses',
    alsoSpeaks: ['openai-chat'],
    baseUrl: 'https://api.openai.com/v1',
    environmentKey: 'OPENAI_API_KEY',
    credentialWay: 'bearer',
    listsModels: true,
    fallbackModels: ['gpt-5.5', 'gpt-6.1-sol'],
    capabilities: { countTokens: false, cacheControl: false },
    quirks: OPENAI_QUIRKS,
    documentation: 'https://platform.openai.com/docs/api-reference/responses',
  },
  {
    kind: 'anthropic',
    title: 'Anthropic',
    dialect: 'anthropic-messages',
    baseUrl: 'https://api.anthropic.com/v1',
    environmentKey: 'ANTHROPIC_API_KEY',
    credentialWay: 'x-api-key',
    listsModels: true,
    fallbackModels: [
      'claude-opus-5-5',
      'claude-sonnet-5-5',
      'claude-sonnet-4-5',
      'claude-haiku-4-5-20251001',
    ],
    capabilities: { countTokens: true, cacheControl: true, webSearch: true, temperatureMax: 1 },
    quirks: [claudeSampling, claudeThinking],
    documentation: 'https://platform.claude.com/docs/en/api/messages',
  },
  {
    kind: 'gemini',
    title: 'Google Gemini',
    dialect: 'gemini',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
    environmentKey: 'GEMINI_API_KEY',
    credentialWay: 'x-goog-api-key',
    listsModels: true,
    fallbackModels: ['gemini-3.8-flash', 'gemini-3.5-flash-lite', 'gemini-2.5-pro'],
    capabilities: { countTokens: true, cacheControl: false, temperatureMax: 2 },
    documentation: 'https://ai.google.dev/api/generate-content',
  },
  {
    kind: 'xai',
    title: 'xAI Grok',
    dialect: 'openai-responses',
    baseUrl: 'https://api.x.ai/v1',
    environmentKey: 'XAI_API_KEY',
    credentialWay: 'bearer',
    listsModels: true,
    fallbackModels: ['grok-4.3', 'grok-4.20-reasoning', 'grok-4.20-non-reasoning'],
    capabilities: { countTokens: false, cacheControl: false, stop: false },
    quirks: [grokUnsupported, storeNothing, encryptedReasoning, statelessItems, promptCacheKey],
    documentation: 'https://docs.x.ai/docs/api-reference',
  },
  {
    kind: 'openrouter',
    title: 'OpenRouter',
    dialect: 'openai-chat',
    baseUrl: 'https://openrouter.ai/api/v1',
    environmentKey: 'OPENROUTER_API_KEY',
    credentialWay: 'bearer',
    listsModels: true,
    fallbackModels: ['openrouter/auto'],
    capabilities: { ...CHAT_COMPATIBLE, cacheControl: true },
    quirks: [openrouterReasoning],
    documentation: 'https://openrouter.ai/docs/api-reference/chat-completion',
  },
  {
    kind: 'mistral',
    title: 'Mistral',
    dialect: 'openai-chat',
    baseUrl: 'https://api.mistral.ai/v1',
    environmentKey: 'MISTRAL_API_KEY',
    credentialWay: 'bearer',
    listsModels: true,
    fallbackModels: ['mistral-large-latest', 'mistral-medium-latest', 'codestral-latest'],
    capabilities: CHAT_COMPATIBLE,
    quirks: [withoutCacheControl, mistralCallIds, mistralFields],
    documentation: 'https://docs.mistral.ai/api/',
  },
];
