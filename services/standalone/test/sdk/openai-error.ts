import OpenAI from 'openai';
import type { SdkError } from './driver.ts';

export function openaiError(error: unknown): SdkError {
  if (!(error instanceof OpenAI.APIError)) throw error;
  const { status, message, headers } = error;
  return { status, message, retryAfter: headers?.get('retry-after') ?? undefined };
}
