import { readGeminiPath } from '../gemini-path.ts';

const CHAT = 'chat';
const EMBEDDINGS = 'embeddings';

/** What each address asks for, in the words of OpenTelemetry; '' for what asks nothing of a model. */
const OPERATIONS: Readonly<Record<string, string>> = {
  '/v1/chat/completions': CHAT,
  '/cursor/v1/chat/completions': CHAT,
  '/v1/responses': CHAT,
  '/v1/messages': CHAT,
  '/v1/embeddings': EMBEDDINGS,
  '/cursor/v1/embeddings': EMBEDDINGS,
  '/v1/messages/count_tokens': '',
  '/v1/responses/input_tokens': '',
  '/v1/models': '',
};

const GEMINI_OPERATIONS: Readonly<Record<string, string>> = {
  generateContent: 'generate_content',
  streamGenerateContent: 'generate_content',
  embedContent: EMBEDDINGS,
  batchEmbedContents: EMBEDDINGS,
  countTokens: '',
};

/** The pattern of an address, of which there are few; undefined for any that is not one of ours. */
export function routeOf(url: string): string | undefined {
  const path = pathOf(url);
  if (path in OPERATIONS) return path;
  if (path.startsWith('/api/admin/v1/')) return '/api/admin/v1';
  const method = geminiMethodOf(path);
  return method === undefined ? undefined : `/v1beta/models/{model}:${method}`;
}

/** Undefined for what asks nothing of a model. */
export function operationOf(url: string): string | undefined {
  const path = pathOf(url);
  return OPERATIONS[path] || GEMINI_OPERATIONS[geminiMethodOf(path) ?? ''] || undefined;
}

function geminiMethodOf(path: string): string | undefined {
  const method = readGeminiPath(path)?.method;
  return method !== undefined && method in GEMINI_OPERATIONS ? method : undefined;
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
