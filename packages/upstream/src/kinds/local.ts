// Model servers that people run themselves, on this machine or on their own.

import type { ProviderKind } from '../providers.ts';
import { withoutCacheControl } from '../quirks/cache-control.ts';
import { grammarSchemas } from '../quirks/grammar-schemas.ts';
import { lmStudioToolChoice } from '../quirks/lm-studio.ts';
import { ollamaEffort, ollamaToolChoice } from '../quirks/ollama.ts';
import { sglangSeparateReasoning } from '../quirks/sglang.ts';
import { vllmChatTemplateKwargs, vllmReasoningNames } from '../quirks/vllm.ts';
import { LOCAL_SERVER } from './shared-capabilities.ts';

export const LOCAL: readonly ProviderKind[] = [
  {
    kind: 'ollama',
    title: 'Ollama',
    dialect: 'openai-chat',
    baseUrl: 'http://127.0.0.1:11434/v1',
    localPort: 11434,
    credentialWay: 'bearer',
    listsModels: true,
    fallbackModels: [],
    capabilities: { ...LOCAL_SERVER, toolChoice: false },
    quirks: [withoutCacheControl, ollamaToolChoice, ollamaEffort, grammarSchemas],
    documentation: 'https://docs.ollama.com/api/openai-compatibility',
  },
  {
    kind: 'vllm',
    title: 'vLLM',
    dialect: 'openai-chat',
    baseUrl: 'http://127.0.0.1:8000/v1',
    localPort: 8000,
    credentialWay: 'bearer',
    listsModels: true,
    fallbackModels: [],
    capabilities: LOCAL_SERVER,
    quirks: [withoutCacheControl, vllmReasoningNames, vllmChatTemplateKwargs, grammarSchemas],
    documentation: 'https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html',
  },
  {
    kind: 'sglang',
    title: 'SGLang',
    dialect: 'openai-chat',
    baseUrl: 'http://127.0.0.1:30000/v1',
    localPort: 30000,
    credentialWay: 'bearer',
    listsModels: true,
    fallbackModels: [],
    capabilities: LOCAL_SERVER,
    quirks: [withoutCacheControl, sglangSeparateReasoning, vllmChatTemplateKwargs, grammarSchemas],
    documentation: 'https://docs.sglang.ai/basic_usage/openai_api_completions.html',
  },
  {
    kind: 'lm-studio',
    title: 'LM Studio',
    dialect: 'openai-chat',
    baseUrl: 'http://127.0.0.1:1234/v1',
    localPort: 1234,
    credentialWay: 'bearer',
    listsModels: true,
    fallbackModels: [],
    capabilities: LOCAL_SERVER,
    quirks: [withoutCacheControl, lmStudioToolChoice, grammarSchemas],
    documentation: 'https://lmstudio.ai/docs/app/api/endpoints/openai',
  },
  {
    kind: 'custom',
    title: 'Any compatible address',
    dialect: 'openai-chat',
    baseUrl: '',
    credentialWay: 'bearer',
    listsModels: true,
    fallbackModels: [],
    documentation: 'https://platform.openai.com/docs/api-reference/chat',
  },
];
