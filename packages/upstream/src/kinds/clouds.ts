// Models inside somebody's own account of a cloud: the address has parts that only its admin knows.

import type { ProviderKind } from '../providers.ts';
import { bedrockBody, bedrockCallIds } from '../quirks/bedrock.ts';
import { claudeSampling, claudeThinking } from '../quirks/claude.ts';
import { OPENAI_QUIRKS } from '../quirks/openai.ts';
import { vertexCallIds, vertexSchemas } from '../quirks/vertex.ts';

export const CLOUDS: readonly ProviderKind[] = [
  {
    kind: 'azure-openai',
    title: 'Azure OpenAI',
    dialect: 'openai-responses',
    alsoSpeaks: ['openai-chat'],
    baseUrl: 'https://{resource}.openai.azure.com/openai/v1',
    environmentKey: 'AZURE_OPENAI_API_KEY',
    credentialWay: 'api-key',
    // Its list names what could be deployed; requests take the names that the deployments were given.
    listsModels: false,
    fallbackModels: ['gpt-5.5'],
    capabilities: { countTokens: false, cacheControl: false },
    quirks: OPENAI_QUIRKS,
    documentation: 'https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle',
  },
  {
    kind: 'vertex',
    title: 'Google Vertex AI',
    dialect: 'gemini',
    // The location `global` is at https://aiplatform.googleapis.com/v1/….
    baseUrl:
      'https://{region}-aiplatform.googleapis.com/v1/projects/{project}/locations/{region}/publishers/google',
    credentialWay: 'google-oauth',
    credentialForm: 'the JSON file of a service account, or an API key',
    listsModels: false,
    fallbackModels: ['gemini-3.8-flash', 'gemini-3.5-flash-lite', 'gemini-2.5-pro'],
    capabilities: { countTokens: true, cacheControl: false, temperatureMax: 2 },
    quirks: [vertexCallIds, vertexSchemas],
    documentation: 'https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference',
  },
  {
    kind: 'bedrock',
    title: 'Amazon Bedrock (Claude)',
    dialect: 'anthropic-messages',
    baseUrl: 'https://bedrock-runtime.{region}.amazonaws.com',
    environmentKey: 'AWS_BEARER_TOKEN_BEDROCK',
    credentialWay: 'aws',
    credentialForm: 'ACCESS_KEY:SECRET, ACCESS_KEY:SECRET:SESSION, or a Bedrock API key',
    path: (model, isStreaming) =>
      `/model/${encodeURIComponent(model)}/${isStreaming ? 'invoke-with-response-stream' : 'invoke'}`,
    framing: 'aws',
    listsModels: false,
    fallbackModels: [
      'global.anthropic.claude-opus-5-5-v1:0',
      'global.anthropic.claude-sonnet-4-5-20250929-v1:0',
      'global.anthropic.claude-haiku-4-5-20251001-v1:0',
    ],
    capabilities: { countTokens: false, cacheControl: true, webSearch: false, temperatureMax: 1 },
    quirks: [claudeSampling, claudeThinking, bedrockCallIds, bedrockBody],
    documentation:
      'https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html',
  },
];
