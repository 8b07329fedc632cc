// https://platform.openai.com/docs/api-reference/responses/input-tokens

import { objectOf } from '../json/narrow.ts';
import { tokenCount } from '../model/usage.ts';
import { openaiResponses } from '../openai-responses/index.ts';
import type { CountingDialect } from './counting.ts';

export const openaiCounting: CountingDialect = {
  name: 'openai-responses',
  readRequest: (body) => openaiResponses.readRequest(body),
  writeReply: (tokens) => ({ object: 'response.input_tokens', input_tokens: tokens }),
  path: () => '/responses/input_tokens',
  passThroughEdits: (_body, model) => ({ model }),
  writeRequest: (request, model) => openaiResponses.writeRequest(request, model).body,
  readReply: (body) => tokenCount(objectOf(body)?.input_tokens),
};
