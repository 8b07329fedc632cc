import type { DialectName } from '../model/request.ts';
import { anthropicCounting } from './anthropic.ts';
import type { CountingDialect } from './counting.ts';
import { geminiCounting } from './gemini.ts';
import { openaiCounting } from './openai.ts';

export { anthropicCounting } from './anthropic.ts';
export type { CountingDialect } from './counting.ts';
export { geminiCounting } from './gemini.ts';
export { openaiCounting } from './openai.ts';

/** How a provider that speaks a dialect counts; undefined for dialects that have no way to ask. */
export function countingOf(name: DialectName): CountingDialect | undefined {
  switch (name) {
    case 'anthropic-messages':
      return anthropicCounting;
    case 'gemini':
      return geminiCounting;
    case 'openai-responses':
      return openaiCounting;
    case 'openai-chat':
      return undefined;
  }
}
