// The makers of open-weight models, at their own addresses. Several speak two dialects, each at an address of its own.
// Model names were seen in November 2026.

import type { ProviderKind } from '../providers.ts';
import { withoutCacheControl } from '../quirks/cache-control.ts';
import {
  deepseekEffort,
  deepseekReasoningBackfill,
  deepseekStrict,
  deepseekThinkingSampling,
  deepseekUserId,
} from '../quirks/deepseek.ts';
import { glmEffort, glmPreservedThinking, glmToolStream } from '../quirks/glm.ts';
import { jsonWord } from '../quirks/json-word.ts';
import { minimaxReasoningSplit, minimaxThinkingTypes } from '../quirks/minimax.ts';
import { kimiReasoningBackfill, kimiSampling, kimiThinking } from '../quirks/moonshot.ts';
import { qwenPreservedThinking, qwenThinking } from '../quirks/qwen.ts';
import { completionTokensMax } from '../quirks/tokens-max.ts';
import { ANTHROPIC_COMPATIBLE, CHAT_COMPATIBLE } from './shared-capabilities.ts';

const DEEPSEEK = [
  withoutCacheControl,
  deepseekReasoningBackfill,
  deepseekEffort,
  deepseekThinkingSampling,
  deepseekUserId,
  deepseekStrict,
  jsonWord,
];
const GLM = [withoutCacheControl, glmEffort, glmPreservedThinking, glmToolStream, jsonWord];
const GLM_MODELS = ['glm-5.3', 'glm-5.2', 'glm-5.1', 'glm-5', 'glm-4.7'];

export const OPEN_WEIGHTS: readonly ProviderKind[] = [
  {
    kind: 'deepseek',
    title: 'DeepSeek',
    dialect: 'openai-chat',
    // The provider's own address: its paths have no version.
    baseUrl: 'https://api.deepseek.com',
    environmentKey: 'DEEPSEEK_API_KEY',
    credentialWay: 'bearer',
    listsModels: true,
    fallbackModels: ['deepseek-flash', 'deepseek-v4-pro'],
    capabilities: { ...CHAT_COMPATIBLE, outputSchema: false, jsonMode: true, temperatureMax: 2 },
    quirks: DEEPSEEK,
    documentation: 'https://api-docs.deepseek.com/api/create-chat-completion',
  },
  {
    kind: 'deepseek-anthropic',
    title: 'DeepSeek, as Anthropic',
    dialect: 'anthropic-messages',
    baseUrl: 'https://api.deepseek.com/anthropic/v1',
    credentialWay: 'x-api-key',
    listsModels: false,
    fallbackModels: ['deepseek-flash', 'deepseek-v4-pro'],
    capabilities: { ...ANTHROPIC_COMPATIBLE, images: false },
    documentation: 'https://api-docs.deepseek.com/guides/anthropic_api',
  },
  {
    kind: 'qwen',
    title: 'Qwen (DashScope)',
    dialect: 'openai-chat',
    // The address for keys made outside mainland China. A key belongs to one region: for the mainland, put the provider
    // with the base URL https://dashscope.aliyuncs.com/compatible-mode/v1.
    baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    environmentKey: 'DASHSCOPE_API_KEY',
    credentialWay: 'bearer',
    listsModels: true,
    fallbackModels: ['qwen3.7-plus', 'qwen-plus'],
    // It takes marks of what to cache, up to four, on the parts of a message.
    capabilities: { ...CHAT_COMPATIBLE, cacheControl: true, systemTurns: false },
    quirks: [qwenThinking, qwenPreservedThinking, jsonWord],
    documentation: 'https://www.alibabacloud.com/help/en/model-studio/base-url',
  },
  {
    kind: 'glm',
    title: 'GLM (BigModel)',
    dialect: 'openai-chat',
    baseUrl: 'https://open.bigmodel.cn/api/paas/v4',
    environmentKey: 'ZHIPUAI_API_KEY',
    credentialWay: 'bearer',
    // Its reference has no list of models, and what the path answers leaves models out.
    listsModels: false,
    fallbackModels: GLM_MODELS,
    capabilities: { ...CHAT_COMPATIBLE, outputSchema: false, jsonMode: true, temperatureMax: 1 },
    quirks: GLM,
    documentation: 'https://docs.bigmodel.cn/cn/guide/develop/http/introduction',
  },
  {
    kind: 'glm-coding',
    title: 'GLM coding plan (BigModel)',
    dialect: 'openai-chat',
    baseUrl: 'https://open.bigmodel.cn/api/coding/paas/v4',
    credentialWay: 'bearer',
    listsModels: false,
    fallbackModels: GLM_MODELS,
    capabilities: { ...CHAT_COMPATIBLE, outputSchema: false, jsonMode: true, temperatureMax: 1 },
    quirks: GLM,
    documentation: 'https://docs.bigmodel.cn/cn/coding-plan/overview',
  },
  {
    kind: 'glm-anthropic',
    title: 'GLM (BigModel), as Anthropic',
    dialect: 'anthropic-messages',
    baseUrl: 'https://open.bigmodel.cn/api/anthropic/v1',
    credentialWay: 'x-api-key',
    listsModels: false,
    fallbackModels: GLM_MODELS,
    capabilities: ANTHROPIC_COMPATIBLE,
    documentation: 'https://docs.bigmodel.cn/cn/coding-plan/tool/claude',
  },
  {
    kind: 'zai',
    title: 'GLM (Z.ai)',
    dialect: 'openai-chat',
    baseUrl: 'https://api.z.ai/api/paas/v4',
    environmentKey: 'ZAI_API_KEY',
    credentialWay: 'bearer',
    listsModels: false,
    fallbackModels: GLM_MODELS,
    capabilities: { ...CHAT_COMPATIBLE, outputSchema: false, jsonMode: true, temperatureMax: 1 },
    quirks: GLM,
    documentation: 'https://docs.z.ai/guides/develop/http/introduction',
  },
  {
    kind: 'zai-coding',
    title: 'GLM coding plan (Z.ai)',
    dialect: 'openai-chat',
    baseUrl: 'https://api.z.ai/api/coding/paas/v4',
    credentialWay: 'bearer',
    listsModels: false,
    fallbackModels: GLM_MODELS,
    capabilities: { ...CHAT_COMPATIBLE, outputSchema: false, jsonMode: true, temperatureMax: 1 },
    quirks: GLM,
    documentation: 'https://docs.z.ai/devpack/overview',
  },
  {
    kind: 'zai-anthropic',
    title: 'GLM (Z.ai), as Anthropic',
    dialect: 'anthropic-messages',
    baseUrl: 'https://api.z.ai/api/anthropic/v1',
    credentialWay: 'x-api-key',
    listsModels: false,
    fallbackModels: GLM_MODELS,
    capabilities: ANTHROPIC_COMPATIBLE,
    documentation: 'https://docs.z.ai/devpack/tool/claude',
  },
  {
    kind: 'minimax',
    title: 'MiniMax',
    dialect: 'openai-chat',
    baseUrl: 'https://api.minimax.io/v1',
    environmentKey: 'MINIMAX_API_KEY',
    credentialWay: 'bearer',
    listsModels: true,
    fallbackModels: ['MiniMax-M3', 'MiniMax-M2.7'],
    capabilities: { ...CHAT_COMPATIBLE, temperatureMax: 1 },
    quirks: [withoutCacheControl, completionTokensMax, minimaxReasoningSplit, minimaxThinkingTypes],
    documentation: 'https://platform.minimax.io/docs/api-reference/text-openai-api',
  },
  {
    kind: 'minimax-anthropic',
    title: 'MiniMax, as Anthropic',
    dialect: 'anthropic-messages',
    baseUrl: 'https://api.minimax.io/anthropic/v1',
    credentialWay: 'x-api-key',
    listsModels: false,
    fallbackModels: ['MiniMax-M3', 'MiniMax-M2.7'],
    capabilities: { ...ANTHROPIC_COMPATIBLE, cacheControl: true },
    quirks: [minimaxThinkingTypes],
    documentation: 'https://platform.minimax.io/docs/api-reference/text-anthropic-api',
  },
  {
    kind: 'moonshot',
    title: 'Moonshot Kimi',
    dialect: 'openai-chat',
    // The address for keys made outside mainland China; inside it is https://api.moonshot.cn/v1.
    baseUrl: 'https://api.moonshot.ai/v1',
    environmentKey: 'MOONSHOT_API_KEY',
    credentialWay: 'bearer',
    listsModels: true,
    fallbackModels: ['kimi-k3', 'kimi-k2.7-code', 'kimi-k2.6'],
    capabilities: { ...CHAT_COMPATIBLE, temperatureMax: 1 },
    quirks: [withoutCacheControl, completionTokensMax, kimiThinking, kimiReasoningBackfill, kimiSampling],
    documentation: 'https://platform.moonshot.ai/docs/api/chat',
  },
];
