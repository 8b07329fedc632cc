// https://docs.claude.com/en/api/messages-count-tokens

import { anthropicMessages } from '../anthropic-messages/index.ts';
import { objectOf } from '../json/narrow.ts';
import { tokenCount } from '../model/usage.ts';
import type { CountingDialect } from './counting.ts';

/** All that costs tokens; any other field is refused with "Extra inputs are not permitted". */
const COUNTED_FIELDS = ['model', 'system', 'messages', 'tools', 'tool_choice', 'thinking'];

export const anthropicCounting: CountingDialect = {
  name: 'anthropic-messages',
  // The one field that a prompt to be answered has to have and a prompt to be counted has not.
  readRequest: (body) => anthropicMessages.readRequest({ ...body, max_tokens: 1 }),
  writeReply: (tokens) => ({ input_tokens: tokens }),
  path: () => '/messages/count_tokens',
  passThroughEdits: (_body, model) => ({ model }),
  writeRequest: (request, model) => {
    const { body } = anthropicMessages.writeRequest(request, model);
    return Object.fromEntries(
      COUNTED_FIELDS.filter((name) => body[name] !== undefined).map((name) => [name, body[name]]),
    );
  },
  readReply: (body) => tokenCount(objectOf(body)?.input_tokens),
};
