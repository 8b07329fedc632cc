// How the tests of Gemini's requests say what is asked and what is written.

import { gemini } from '../src/gemini/index.ts';
import type { JsonObject } from '../src/json/value.ts';
import type { Part, Request, Tool, ToolResultPart, Turn } from '../src/model/request.ts';
import { openaiChat } from '../src/openai-chat/index.ts';

export const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const SENTINEL = 'skip_thought_signature_validator';
export const OLDEST = 'gemini-2.0-flash';
export const OLDER = 'gemini-2.5-pro';
export const NEWER = 'gemini-3.8-flash';

export const chat = (more: JsonObject = {}): JsonObject => ({
  model: 'm',
  messages: [{ role: 'user', content: 'hi' }],
  ...more,
});
export const hub = (more: Partial<Request> = {}): Request => ({ ...openaiChat.readRequest(chat()), ...more });
export const said = (role: Turn['role'], ...parts: Part[]): Turn => ({ role, parts });
export const text = (value: string): Part => ({ kind: 'text', text: value });
export const call = (id: string, name = 'f', argumentsText = '{}'): Part => ({
  kind: 'toolCall',
  id,
  name,
  argumentsText,
});
export const thought = (value: string, signature?: string): Part => ({
  kind: 'thinking',
  text: value,
  ...(signature !== undefined && { signature }),
});
export const result = (callId: string, value: string, more: Partial<ToolResultPart> = {}): Part => ({
  kind: 'toolResult',
  callId,
  parts: [{ kind: 'text', text: value }],
  isError: false,
  ...more,
});
export const image: Part & { kind: 'image' } = {
  kind: 'image',
  source: { kind: 'base64', mediaType: 'image/png', data: PNG },
};
export const tool = (name: string, schema: JsonObject = { type: 'object', properties: {} }): Tool => ({
  kind: 'function',
  name,
  schema,
});

export const write = (request: Request, model = NEWER): JsonObject =>
  gemini.writeRequest(request, model).body;
export const dropped = (request: Request, model = NEWER): readonly string[] =>
  gemini.writeRequest(request, model).dropped;
export const contents = (turns: readonly Turn[], model = NEWER): { role: string; parts: JsonObject[] }[] =>
  write(hub({ turns }), model).contents as { role: string; parts: JsonObject[] }[];
/** Each content in one line: `model Hello. f(a)+signature`. */
export const outline = (turns: readonly Turn[], model = NEWER): string[] =>
  contents(turns, model).map(({ role, parts }) =>
    [
      role,
      ...parts.map((part) => {
        const made = part.functionCall as JsonObject | undefined;
        const answered = part.functionResponse as JsonObject | undefined;
        const shown =
          (made && `${made.name}(${made.id})`) ??
          (answered && `${answered.name}=${answered.id}`) ??
          part.text ??
          'media';
        const mark = part.thoughtSignature === SENTINEL ? 'sentinel' : part.thoughtSignature;
        return `${part.thought === true ? '*' : ''}${shown}${mark === undefined ? '' : `+${mark}`}`;
      }),
    ].join(' '),
  );
