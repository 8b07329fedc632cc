// What models ask tools to do, found in what providers of each dialect send.

import type { JsonValue } from '../json/value.ts';
import type { DialectName } from '../model/request.ts';
import { callsOfMessage, MessagesCallWatch } from './anthropic-messages.ts';
import type { CallWatch, SpokenCall } from './call-watch.ts';
import { callsOfGeneration, GeminiCallWatch } from './gemini.ts';
import { ChatCallWatch, callsOfCompletion } from './openai-chat.ts';
import { callsOfResponse, ResponsesCallWatch } from './openai-responses.ts';

export type { CallWatch, SpokenCall } from './call-watch.ts';

/** For one stream of a dialect. */
export function callWatch(name: DialectName): CallWatch {
  switch (name) {
    case 'anthropic-messages':
      return new MessagesCallWatch();
    case 'gemini':
      return new GeminiCallWatch();
    case 'openai-responses':
      return new ResponsesCallWatch();
    case 'openai-chat':
      return new ChatCallWatch();
  }
}

/** The calls of a whole reply of a dialect. */
export function callsIn(name: DialectName, reply: JsonValue): readonly SpokenCall[] {
  switch (name) {
    case 'anthropic-messages':
      return callsOfMessage(reply);
    case 'gemini':
      return callsOfGeneration(reply);
    case 'openai-responses':
      return callsOfResponse(reply);
    case 'openai-chat':
      return callsOfCompletion(reply);
  }
}
