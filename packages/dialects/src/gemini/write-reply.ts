// https://ai.google.dev/api/generate-content#generatecontentresponse

import type { ReplyContext } from '../dialect.ts';
import type { JsonObject } from '../json/value.ts';
import { unfold } from '../model/fold.ts';
import type { Reply } from '../model/reply.ts';
import { PartPrinter } from './part-printer.ts';
import { writeFinishReason } from './stop.ts';
import { writeUsageObject } from './usage.ts';

export function writeReply(reply: Reply, context: ReplyContext): JsonObject {
  const printer = new PartPrinter();
  const parts = unfold(reply).flatMap((event) => ('index' in event ? printer.write(event) : []));
  parts.push(...printer.end());
  return {
    candidates: [
      {
        content: { parts, role: 'model' },
        ...finishOf(writeFinishReason(reply.finish), printer.malformedCall),
        index: 0,
      },
    ],
    ...(reply.usage !== undefined && { usageMetadata: writeUsageObject(reply.usage) }),
    modelVersion: context.model,
    responseId: replyIdOf(reply.id, context),
  };
}

/** A call that was cut by the length says so; one that is broken otherwise cannot be run. */
export function finishOf(word: string, malformedCall: string | undefined): JsonObject {
  if (malformedCall === undefined || word === 'MAX_TOKENS') return { finishReason: word };
  const finishMessage = `Malformed function call: the arguments of "${malformedCall}" are no JSON object.`;
  return { finishReason: 'MALFORMED_FUNCTION_CALL', finishMessage };
}

export function replyIdOf(id: string, context: ReplyContext): string {
  return id === '' ? context.requestId : id;
}
