// What the form of a request depends on beyond the dialect, told by the model's name, since a dialect does not know its
// provider. Each entry says what a provider answers when it is got wrong.

import { bareName } from '../model/model-name.ts';

/** The open-weight gpt-oss is served by others and takes what they take. */
export function isOpenAi(model: string): boolean {
  const name = bareName(model);
  return /^(?:gpt-|chatgpt-|o\d|codex-|ft:gpt-)/.test(name) && !name.startsWith('gpt-oss');
}

/**
 * OpenAI's reasoning models: "Unsupported parameter: 'max_tokens' is not supported with this model. Use
 * 'max_completion_tokens' instead." They refuse sampling parameters and `stop` in the same words.
 */
export function isOpenAiReasoning(model: string): boolean {
  const name = bareName(model);
  if (/^o\d/.test(name) || name.startsWith('codex-')) return true;
  const generation = /^gpt-(\d+)/.exec(name);
  return generation !== null && Number(generation[1]) >= 5 && !name.includes('-chat') && isOpenAi(name);
}

/** OpenAI's older models: "Unrecognized request argument supplied: reasoning_effort". */
export function isReasoningRefused(model: string): boolean {
  return isOpenAi(model) && !isOpenAiReasoning(model);
}

/** A key that tells which requests share a prefix. OpenAI, xAI and Moonshot have one. */
export function isCacheKeyTaken(model: string): boolean {
  return isOpenAi(model) || /^(?:grok|kimi|moonshot)-/.test(bareName(model));
}

/**
 * How earlier thinking is replayed. OpenAI refuses unknown fields of a message; DeepSeek-R1 refuses `reasoning_content`,
 * and DeepSeek V4 asks for it on every assistant message: https://api-docs.deepseek.com/guides/thinking_mode
 */
export function thinkingReplay(model: string): 'omitted' | 'kept' | 'always' {
  const name = bareName(model);
  if (isOpenAi(name) || name.startsWith('deepseek-r1')) return 'omitted';
  return /^deepseek-(?:v[4-9]|flash|pro)/.test(name) ? 'always' : 'kept';
}

/**
 * Models whose template opens the thought, so that an answer begins in the middle of one:
 * https://huggingface.co/Qwen/Qwen3-235B-A22B-Thinking-2507 says that it "is normal for the model's output to contain only
 * `</think>` without an explicit opening `<think>` tag".
 */
export function isThinkTagOpenedByTemplate(model: string): boolean {
  return /^(?:deepseek-r1|qwq|minimax-m\d)|-thinking(?:-|$)/.test(bareName(model));
}
