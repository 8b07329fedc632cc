// What of a prompt a model reads: the texts, whose tokens are still to be counted, and what has a price by a formula.

import type { Part, Request, Tool } from '@ai-switch/dialects';
import { documentTokens, imageTokens } from './media-tokens.ts';

export interface PromptTokens {
  readonly texts: readonly string[];
  /** Of all that is no text: pictures, documents, what stands around messages and tools. */
  readonly otherTokens: number;
}

/** https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken: the role and the marks around a message. */
const TOKENS_PER_TURN = 4;
/** The same source: what the answer is primed with. */
const TOKENS_AT_END = 3;
const TOKENS_PER_TOOL = 6;

export function promptTokens(request: Request): PromptTokens {
  const texts: string[] = [];
  let otherTokens = TOKENS_AT_END + TOKENS_PER_TURN * request.turns.length;
  const add = (part: Part): void => {
    switch (part.kind) {
      case 'text':
      case 'thinking':
        texts.push(part.text);
        break;
      case 'toolCall':
        texts.push(part.name, part.argumentsText);
        break;
      case 'toolResult':
        for (const inner of part.parts) add(inner);
        break;
      case 'image':
        otherTokens += imageTokens(part);
        break;
      case 'document':
        if (part.title !== undefined) texts.push(part.title);
        if (part.source.kind === 'text') texts.push(part.source.text);
        else otherTokens += documentTokens(part.source);
        break;
      case 'foreign':
        texts.push(JSON.stringify(part.value));
        break;
      case 'redactedThinking':
        // Only the provider that made it reads it, and that one counts for itself.
        break;
    }
  };
  if (request.system.length > 0) otherTokens += TOKENS_PER_TURN;
  for (const part of request.system) add(part);
  for (const turn of request.turns) for (const part of turn.parts) add(part);
  for (const tool of request.tools) {
    otherTokens += TOKENS_PER_TOOL;
    texts.push(...toolTexts(tool));
  }
  if (request.output?.kind === 'schema') texts.push(JSON.stringify(request.output.schema));
  return { texts, otherTokens };
}

function toolTexts(tool: Tool): readonly string[] {
  switch (tool.kind) {
    case 'function':
      return [tool.name, tool.description ?? '', JSON.stringify(tool.schema)];
    case 'custom':
      return [tool.name, tool.description ?? '', JSON.stringify(tool.format ?? {})];
    case 'toolSearch':
      return [tool.description ?? '', JSON.stringify(tool.schema)];
    case 'webSearch':
    case 'foreign':
      return [JSON.stringify(tool.value)];
  }
}
