import { isObject } from './body.ts';
import type { Quirk } from './quirk.ts';

const SENTENCE = 'Answer with JSON.';

/**
 * DashScope, 2025-04: "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
 * DeepSeek, without the word: "the model may generate an unending stream of whitespace until the generation reaches the token
 * limit."
 */
export const jsonWord: Quirk = (body) => {
  const { response_format: format, messages } = body;
  if (!isObject(format) || format.type !== 'json_object' || !Array.isArray(messages)) return body;
  if (/json/i.test(JSON.stringify(messages))) return body;
  const [first, ...rest] = messages;
  if (isObject(first) && first.role === 'system' && typeof first.content === 'string') {
    return { ...body, messages: [{ ...first, content: `${first.content}\n\n${SENTENCE}` }, ...rest] };
  }
  return { ...body, messages: [{ role: 'system', content: SENTENCE }, ...messages] };
};
