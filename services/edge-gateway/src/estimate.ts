// What a prompt costs before a provider has counted it. Four characters a token is the rule of thumb of
// https://help.openai.com/en/articles/4936856; it decides how much is held, never what is charged when the provider
// sends its own count.

import type { DocumentPart, Part, Request, Scan } from '@ai-switch/dialects';

export const CHARACTERS_PER_TOKEN = 4;
/** The role and the separators around each message. */
const TOKENS_PER_TURN = 4;
/** About what a picture of 1,000 by 1,000 pixels costs (https://docs.claude.com/en/docs/build-with-claude/vision). */
const TOKENS_PER_IMAGE = 1_600;
const TOKENS_PER_DOCUMENT = 3_000;

/** Never zero. */
export function estimateInputTokens(request: Request, scan: Scan): number {
  const tools = scan.fields.get('tools');
  let characters = tools === undefined ? 0 : tools.end - tools.start;
  let tokens = TOKENS_PER_TURN * (request.turns.length + 1);
  const count = (part: Part): void => {
    switch (part.kind) {
      case 'text':
      case 'thinking':
        characters += part.text.length;
        break;
      case 'redactedThinking':
        characters += part.data.length;
        break;
      case 'toolCall':
        characters += part.name.length + part.argumentsText.length;
        break;
      case 'toolResult':
        for (const inner of part.parts) count(inner);
        break;
      case 'image':
        tokens += TOKENS_PER_IMAGE;
        break;
      case 'document':
        characters += documentCharacters(part);
        if (part.source.kind !== 'text') tokens += TOKENS_PER_DOCUMENT;
        break;
      case 'foreign':
        characters += JSON.stringify(part.value).length;
        break;
    }
  };
  for (const part of request.system) count(part);
  for (const turn of request.turns) for (const part of turn.parts) count(part);
  return tokens + tokensOf(characters);
}

export function tokensOf(characters: number): number {
  return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}

function documentCharacters(part: DocumentPart): number {
  return part.source.kind === 'text' ? part.source.text.length : 0;
}
