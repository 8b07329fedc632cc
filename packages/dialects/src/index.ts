import { anthropicMessages } from './anthropic-messages/index.ts';
import type { Dialect } from './dialect.ts';
import { gemini } from './gemini/index.ts';
import type { DialectName } from './model/request.ts';
import { openaiChat } from './openai-chat/index.ts';
import { openaiResponses } from './openai-responses/index.ts';

export { anthropicMessages } from './anthropic-messages/index.ts';
export { type CallWatch, callsIn, callWatch, type SpokenCall } from './calls/index.ts';
export * from './counting/index.ts';
export * from './dialect.ts';
export * from './embeddings/index.ts';
export { FrameTooLarge, parseFrame, printFrame, type SseLimits, SseSplitter } from './frames/sse.ts';
export { gemini, openApiSchema } from './gemini/index.ts';
export { isObject } from './json/narrow.ts';
export {
  type ByteRange,
  parseBody,
  SCAN_LIMITS,
  type Scan,
  type ScanLimits,
  scanTopLevel,
  spliceFields,
} from './json/scan.ts';
export type { JsonObject, JsonValue } from './json/value.ts';
export { BILLING_HEADER } from './model/billing-header.ts';
export type { Capabilities } from './model/capabilities.ts';
export { effortOfBudget } from './model/effort.ts';
export * from './model/event.ts';
export { type FittedRequest, fitRequest } from './model/fit-request.ts';
export { fold, ReplyFolder, unfold } from './model/fold.ts';
export { bareName, claudeVersion } from './model/model-name.ts';
export * from './model/reply.ts';
export * from './model/request.ts';
export { openSeals, sealEvent, sealing } from './model/seal.ts';
export * from './model/usage.ts';
export { openaiChat } from './openai-chat/index.ts';
export { isOpenAiReasoning } from './openai-chat/model-family.ts';
export { openaiResponses, statefulField } from './openai-responses/index.ts';
export { type SentText, sentTexts } from './texts/sent-texts.ts';

export const dialects = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'anthropic-messages': anthropicMessages,
  gemini,
} as Readonly<Record<DialectName, Dialect>>;

/** Undefined for a name that no dialect has. */
export function dialectByName(name: string): Dialect | undefined {
  return Object.hasOwn(dialects, name) ? dialects[name as DialectName] : undefined;
}
