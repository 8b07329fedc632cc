import type { Capabilities } from '@ai-switch/dialects';

/** A provider of somebody else's models that speaks OpenAI's chat: what OpenAI itself adds to it is not there. */
export const CHAT_COMPATIBLE: Capabilities = {
  documents: false,
  countTokens: false,
  cacheControl: false,
  webSearch: false,
};

/** A provider of other models than Claude that speaks Anthropic's Messages. */
export const ANTHROPIC_COMPATIBLE: Capabilities = {
  documents: false,
  countTokens: false,
  cacheControl: false,
  webSearch: false,
  systemTurns: false,
  temperatureMax: 1,
};

/** A model server on a machine of one's own: chat templates want the system text first. */
export const LOCAL_SERVER: Capabilities = {
  ...CHAT_COMPATIBLE,
  systemTurns: false,
};
