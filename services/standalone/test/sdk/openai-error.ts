import OpenAI from 'openai';
import type { SdkError } from './driver.ts';

export function openaiError(error: unknown): SdkError {
  if (!(error instanceof OpenAI.APIError)) throw error;
  const { status, headers } = error;
  const body = JSON.stringify(error.error);
  return { status, body, retryAfter: headers?.get('retry-after') ?? undefined };
}
