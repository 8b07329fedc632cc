// https://platform.openai.com/docs/api-reference/responses/object

import type { ReplyContext } from '../dialect.ts';
import type { JsonObject } from '../json/value.ts';
import type { FinishReason } from '../model/event.ts';
import type { Reply } from '../model/reply.ts';
import type { Usage } from '../model/usage.ts';
import { compactionOf, itemOf, NO_SUMMARY, placeOf } from './items.ts';
import { incompleteReason } from './stop.ts';
import { writeUsageObject } from './usage.ts';

export function writeReply(reply: Reply, context: ReplyContext): JsonObject {
  const id = replyIdOf(reply.id, context);
  if (context.isCompaction) return compactedResponse(id, reply, context);
  const output: JsonObject[] = [];
  for (const part of reply.parts) {
    const item = itemOf(part, placeOf(id, output.length), context);
    if (item !== undefined) output.push(item);
  }
  return finishedResponse(id, context, output, reply.finish, reply.usage);
}

/** A summary that the limit ended is better than none: clients take an incomplete response for a failure. */
function compactedResponse(id: string, { parts, usage }: Reply, context: ReplyContext): JsonObject {
  const item = compactionOf(parts, placeOf(id, 0));
  if (item !== undefined) return finishedResponse(id, context, [item], 'stop', usage);
  const error = { code: 'server_error', message: NO_SUMMARY };
  return { ...responseObject(id, context), status: 'failed', error, usage: writeUsageObject(usage) };
}

export function finishedResponse(
  id: string,
  context: ReplyContext,
  output: readonly JsonObject[],
  finish: FinishReason,
  usage: Usage | undefined,
): JsonObject {
  const reason = incompleteReason(finish);
  context.onOutput?.(output);
  return {
    ...responseObject(id, context),
    status: reason === undefined ? 'completed' : 'incomplete',
    incomplete_details: reason === undefined ? null : { reason },
    output,
    usage: writeUsageObject(usage),
  };
}

/** A response that has only begun. Fields that a client set itself are not repeated: none reads them back. */
export function responseObject(id: string, context: ReplyContext): JsonObject {
  return {
    id,
    object: 'response',
    created_at: Math.floor(context.createdAtMs / 1000),
    status: 'in_progress',
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    model: context.model,
    output: [],
    parallel_tool_calls: true,
    previous_response_id: null,
    store: false,
    temperature: null,
    tool_choice: 'auto',
    tools: [],
    top_p: null,
    usage: null,
  };
}

/** Ids of other dialects do not begin as clients of this one expect. */
export function replyIdOf(id: string, context: ReplyContext): string {
  return id.startsWith('resp_') ? id : `resp_${context.requestId.replace(/^req_/, '')}`;
}
