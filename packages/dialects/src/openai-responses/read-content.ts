// https://platform.openai.com/docs/api-reference/responses/create#responses-create-input

import type { JsonValue } from '../json/value.ts';
import type { Part, ToolResultPart } from '../model/request.ts';
import { readContent as readChatContent, resultParts } from '../openai-chat/read-content.ts';

/** Text, or parts. OpenAI's other dialect reads the parts of this one too, since clients mix the two. */
export function readContent(content: JsonValue | undefined, field: string): readonly Part[] {
  return readChatContent(content, field).map((part) =>
    part.kind === 'foreign' ? { ...part, dialect: 'openai-responses' } : part,
  );
}

export function readResultContent(content: JsonValue | undefined, field: string): ToolResultPart['parts'] {
  return resultParts(readContent(content, field));
}
