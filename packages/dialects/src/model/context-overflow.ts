// A prompt that is longer than the model's context, in the words of every provider. Programming tools compact their
// conversation when they read one of these, so that one that is not known as such ends their session.

export function isContextOverflow(message: string, words: readonly string[]): boolean {
  return words.some((word) => OVERFLOW_WORDS.has(word)) || OVERFLOW_TEXT.test(message);
}

export interface OverflowCounts {
  /** Tokens of the prompt alone. */
  readonly tokens: number;
  readonly tokensMax: number;
}

/** The counts in a provider's words, undefined where it tells none or only one of them. */
export function overflowCounts(message: string): OverflowCounts | undefined {
  for (const pattern of COUNTS) {
    const { tokens, max } = pattern.exec(message)?.groups ?? {};
    if (tokens !== undefined && max !== undefined) return { tokens: Number(tokens), tokensMax: Number(max) };
  }
  return undefined;
}

/** Codes and types, in lower case. GLM: 1261. */
const OVERFLOW_WORDS = new Set([
  'context_length_exceeded',
  'model_context_window_exceeded',
  'prompt_too_long',
  'exceed_context_size_error',
  '1261',
]);

const OVERFLOW_TEXT = new RegExp(
  [
    // Anthropic; the second when the prompt fits but not the answer that is wanted.
    'prompt is too long',
    'exceed context limit',
    // Bedrock
    'input is too long for requested model',
    // OpenAI and those who copied its words; Mistral says it the other way round.
    'maximum context length',
    'exceeds? the (?:model.?s )?(?:maximum )?context (?:window|length|size)',
    'reduce the length of the (?:input )?(?:messages|prompt)',
    // SGLang, vLLM, llama.cpp, Ollama
    "longer than the model's context length",
    'longer than the maximum model length',
    'exceeds? the available context size',
    'exceeded max context length',
    // LM Studio
    'greater than the context length',
    'context length of only \\d+ tokens',
    // Gemini
    'input (?:token length too long|token count .{0,40}exceeds the maximum)',
    // xAI, GLM, Qwen, MiniMax, Moonshot
    'maximum prompt length',
    'prompt exceeds max length',
    'range of input length should be',
    'context window exceeds limit',
    'exceeded model token limit',
  ].join('|'),
  'i',
);

const COUNTS: readonly RegExp[] = [
  // Anthropic: "205000 tokens > 200000 maximum", "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000"
  /(?<tokens>\d+) tokens > (?<max>\d+)/,
  /exceed context limit: (?<tokens>\d+) \+ \d+ > (?<max>\d+)/,
  // OpenAI: "maximum context length is 8192 tokens. However, you requested 10000 tokens (2000 in the messages, …"
  /maximum context length (?:is|of) (?<max>\d+) tokens\D[^(]{0,120}\((?<tokens>\d+) (?:in the messages|of text input)/,
  // SGLang: "… You requested a total of 5000 tokens: 4000 tokens from the input messages and 1000 …"
  /maximum context length of (?<max>\d+) tokens\b.{0,80}?: (?<tokens>\d+) tokens from the input/,
  // OpenAI: "… However, your messages resulted in 130001 tokens", vLLM: "… your request has 5000 input tokens"
  /maximum context length is (?<max>\d+) tokens\D{1,120}(?<tokens>\d+)(?: input)? tokens/,
  // xAI: "maximum prompt length is 131072 but the request contains 150000 tokens"
  /maximum prompt length is (?<max>\d+)\D{1,60}(?<tokens>\d+) tokens/,
  // Mistral: "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length"
  /contains (?<tokens>\d+) tokens .{0,60}with (?<max>\d+) maximum context length/,
  // Gemini: "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)"
  /token count \(?(?<tokens>\d+)\)? exceeds the maximum number of tokens allowed \(?(?<max>\d+)/,
  // SGLang: "The input (5000 tokens) is longer than the model's context length (4096 tokens)", llama.cpp alike
  /\((?<tokens>\d+) tokens\).{1,60}\((?<max>\d+) tokens\)/,
  // vLLM: "The decoder prompt (length 5000) is longer than the maximum model length of 4096"
  /length (?<tokens>\d+)\) is longer than the maximum model length of (?<max>\d+)/,
];
