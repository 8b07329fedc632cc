import type { DialectName } from '../model/request.ts';
import type { EmbeddingDialect } from './embedding.ts';
import { geminiEmbeddings } from './gemini.ts';
import { openaiEmbeddings } from './openai.ts';

export * from './embedding.ts';
export { geminiEmbeddings } from './gemini.ts';
export { openaiEmbeddings } from './openai.ts';

/** How a provider that speaks a dialect is asked for embeddings; undefined for one that has none. */
export function embeddingsOf(name: DialectName): EmbeddingDialect | undefined {
  switch (name) {
    case 'openai-chat':
    case 'openai-responses':
      return openaiEmbeddings;
    case 'gemini':
      return geminiEmbeddings;
    case 'anthropic-messages':
      return undefined;
  }
}
