// https://platform.openai.com/docs/guides/error-codes, for both of OpenAI's dialects.

import type { Problem, ProblemName } from './problem.ts';
import type { Wire } from './wire.ts';

export const openaiProblems: Wire['problems'] = {
  badRequest: { status: 400, message: 'Invalid request.' },
  contextOverflow: {
    status: 400,
    message:
      "This model's maximum context length is 128000 tokens. However, your messages resulted in 130042 tokens. Please reduce the length of the messages.",
  },
  policy: {
    status: 400,
    message: 'Invalid prompt: your prompt was flagged as potentially violating our usage policy.',
  },
  badKey: { status: 401, message: 'Incorrect API key provided: sk-canar****ider.' },
  noCredit: { status: 402, message: 'Your account is not active, please check your billing details.' },
  forbidden: { status: 403, message: 'You are not allowed to use this model.' },
  unknownModel: {
    status: 404,
    message: 'The model `nothing` does not exist or you do not have access to it.',
  },
  tooLarge: { status: 413, message: 'Request Entity Too Large' },
  rate: {
    status: 429,
    message: 'Rate limit reached for requests per min (RPM): Limit 3, Used 3, Requested 1.',
  },
  quotaSpent: {
    status: 429,
    message: 'You exceeded your current quota, please check your plan and billing details.',
  },
  server: {
    status: 500,
    message: 'The server had an error while processing your request. Sorry about that!',
  },
  overloaded: { status: 503, message: 'The engine is currently overloaded, please try again later.' },
  timeout: { status: 504, message: 'The request timed out.' },
};

export function openaiErrorBody({ name, message, code, param, status }: Problem): object {
  const type = TYPES[name] ?? (status < 500 ? 'invalid_request_error' : 'server_error');
  return { error: { message, type, param: param ?? null, code: code ?? CODES[name] ?? null } };
}

const TYPES: Readonly<Partial<Record<ProblemName, string>>> = {
  rate: 'rate_limit_error',
  quotaSpent: 'insufficient_quota',
};

export const CODES: Readonly<Partial<Record<ProblemName, string>>> = {
  contextOverflow: 'context_length_exceeded',
  policy: 'invalid_prompt',
  badKey: 'invalid_api_key',
  unknownModel: 'model_not_found',
  rate: 'rate_limit_exceeded',
  quotaSpent: 'insufficient_quota',
};

export function retryAfterHeaders({ retryAfterS }: Problem): Readonly<Record<string, string>> {
  return retryAfterS === undefined
    ? {}
    : { 'retry-after': String(retryAfterS), 'retry-after-ms': String(retryAfterS * 1_000) };
}
