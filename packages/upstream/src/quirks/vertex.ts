import type { JsonObject } from '@ai-switch/dialects';
import { isObject, withFields, withList } from './body.ts';
import type { Quirk } from './quirk.ts';

/** 2026-05: "Unknown name "id" at 'contents[1].parts[0].function_call': Cannot find field." The Gemini API takes it. */
export const vertexCallIds: Quirk = (body) =>
  withList(body, 'contents', (content) =>
    withList(content, 'parts', (part) => withoutId(withoutId(part, 'functionCall'), 'functionResponse')),
  );

function withoutId(part: JsonObject, field: string): JsonObject {
  const value = part[field];
  return isObject(value) ? withFields(part, { [field]: withFields(value, { id: undefined }) }) : part;
}
