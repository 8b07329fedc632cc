// https://ai.google.dev/api/tokens

import { gemini } from '../gemini/index.ts';
import { methodPath, resourceName } from '../gemini/method-path.ts';
import { objectOf } from '../json/narrow.ts';
import type { JsonObject, JsonValue } from '../json/value.ts';
import { tokenCount } from '../model/usage.ts';
import type { CountingDialect } from './counting.ts';

export const geminiCounting: CountingDialect = {
  name: 'gemini',
  readRequest: (body, address) => gemini.readRequest(wholeOf(body) ?? body, address),
  writeReply: (tokens) => ({ totalTokens: tokens }),
  path: (model) => methodPath(model, 'countTokens'),
  passThroughEdits: (body, model): Readonly<Record<string, JsonValue>> => {
    const name =
      body.generateContentRequest === undefined ? 'generate_content_request' : 'generateContentRequest';
    const whole = wholeOf(body);
    return whole === undefined ? {} : { [name]: { ...whole, model: resourceName(model) } };
  },
  writeRequest: (request, model) => ({
    generateContentRequest: { ...gemini.writeRequest(request, model).body, model: resourceName(model) },
  }),
  readReply: (body) => tokenCount(objectOf(body)?.totalTokens),
};

/** Either the contents alone stand in the body, or a whole request with its system prompt and tools in a field of it. */
function wholeOf(body: JsonObject): JsonObject | undefined {
  return objectOf(body.generateContentRequest) ?? objectOf(body.generate_content_request);
}
