// What the scripted provider says, in the wire form of each dialect:
// https://platform.openai.com/docs/api-reference/chat and https://docs.claude.com/en/api/messages.

export interface ScriptedAnswer {
  /** The pieces of the text; a stream sends each as one frame. */
  readonly text?: readonly string[];
  readonly thinking?: readonly string[];
  readonly tools?: readonly ScriptedTool[];
  /** `none`: the provider sends no usage at all. */
  readonly usage?: ScriptedUsage | 'none';
  /** In the dialect's own words; follows from the tools otherwise. */
  readonly stopReason?: string;
  /** An error frame in place of the frame with this number. */
  readonly errorAtFrame?: number;
}

export interface ScriptedTool {
  readonly id: string;
  readonly name: string;
  /** The pieces of the arguments' JSON text. */
  readonly arguments: readonly string[];
}

export interface ScriptedUsage {
  /** Not from the provider's cache. */
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
}

/** What of the request shapes the reply. */
export interface Asked {
  readonly model?: string;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean } | null;
}

export type ScriptedDialect = 'openai-chat' | 'anthropic-messages';

export function wholeReply(dialect: ScriptedDialect, answer: ScriptedAnswer, asked: Asked): object {
  return dialect === 'anthropic-messages' ? wholeMessage(answer, asked) : wholeCompletion(answer, asked);
}

/** The frames of the stream, each complete with its empty line. */
export function streamFrames(dialect: ScriptedDialect, answer: ScriptedAnswer, asked: Asked): string[] {
  const frames = dialect === 'anthropic-messages' ? messageFrames(answer, asked) : chunkFrames(answer, asked);
  if (answer.errorAtFrame === undefined) return frames;
  return [...frames.slice(0, answer.errorAtFrame), errorFrame(dialect)];
}

const DEFAULT_TEXT = ['Hello', ' from', ' the provider.'];
const DEFAULT_USAGE: ScriptedUsage = { input: 11, output: 7 };

function textOf(answer: ScriptedAnswer): readonly string[] {
  return answer.text ?? (answer.tools === undefined ? DEFAULT_TEXT : []);
}

function errorFrame(dialect: ScriptedDialect): string {
  return dialect === 'anthropic-messages'
    ? named('error', { type: 'error', error: { type: 'overloaded_error', message: 'scripted overload' } })
    : bare({ error: { message: 'scripted overload', type: 'server_error', code: 'server_is_overloaded' } });
}

/** The error that goes with a status, as the dialect's own provider words it. */
export function errorBody(dialect: ScriptedDialect, status: number): object {
  const message = `scripted ${status}`;
  const anthropic = ANTHROPIC_ERRORS[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error');
  if (dialect === 'anthropic-messages') return { type: 'error', error: { type: anthropic, message } };
  const openai =
    status < 500 ? (status === 429 ? 'rate_limit_error' : 'invalid_request_error') : 'server_error';
  return { error: { message, type: openai, param: null, code: null } };
}

const ANTHROPIC_ERRORS: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};

function bare(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

function named(event: string, data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

// OpenAI Chat Completions.

function wholeCompletion(answer: ScriptedAnswer, asked: Asked): object {
  const message: Record<string, unknown> = { role: 'assistant', content: textOf(answer).join('') || null };
  if (answer.thinking !== undefined) message.reasoning_content = answer.thinking.join('');
  if (answer.tools !== undefined) {
    message.tool_calls = answer.tools.map((tool) => ({
      id: tool.id,
      type: 'function',
      function: { name: tool.name, arguments: tool.arguments.join('') },
    }));
  }
  return {
    id: 'chatcmpl-scripted',
    object: 'chat.completion',
    created: 1_760_000_000,
    model: asked.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: chatStop(answer) }],
    ...(answer.usage === 'none' ? {} : { usage: chatUsage(answer.usage ?? DEFAULT_USAGE) }),
  };
}

function chunkFrames(answer: ScriptedAnswer, asked: Asked): string[] {
  const chunk = (choices: readonly object[], more: object = {}) =>
    bare({
      id: 'chatcmpl-scripted',
      object: 'chat.completion.chunk',
      created: 1_760_000_000,
      model: asked.model,
      choices,
      ...more,
    });
  const delta = (value: object) => chunk([{ index: 0, delta: value, finish_reason: null }]);
  const frames = [delta({ role: 'assistant', content: '' })];
  for (const text of answer.thinking ?? []) frames.push(delta({ reasoning_content: text }));
  for (const text of textOf(answer)) frames.push(delta({ content: text }));
  for (const [index, tool] of (answer.tools ?? []).entries()) {
    const begin = { index, id: tool.id, type: 'function', function: { name: tool.name, arguments: '' } };
    frames.push(delta({ tool_calls: [begin] }));
    for (const text of tool.arguments)
      frames.push(delta({ tool_calls: [{ index, function: { arguments: text } }] }));
  }
  frames.push(chunk([{ index: 0, delta: {}, finish_reason: chatStop(answer) }]));
  const isUsageAsked = asked.stream !== true || asked.stream_options?.include_usage === true;
  if (answer.usage !== 'none' && isUsageAsked) {
    frames.push(chunk([], { usage: chatUsage(answer.usage ?? DEFAULT_USAGE) }));
  }
  frames.push('data: [DONE]\n\n');
  return frames;
}

function chatStop(answer: ScriptedAnswer): string {
  return answer.stopReason ?? (answer.tools === undefined ? 'stop' : 'tool_calls');
}

function chatUsage(usage: ScriptedUsage): object {
  const prompt = usage.input + (usage.cacheRead ?? 0);
  return {
    prompt_tokens: prompt,
    completion_tokens: usage.output,
    total_tokens: prompt + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cacheRead ?? 0 },
  };
}

// Anthropic Messages.

function wholeMessage(answer: ScriptedAnswer, asked: Asked): object {
  const content: object[] = [];
  if (answer.thinking !== undefined) {
    content.push({ type: 'thinking', thinking: answer.thinking.join(''), signature: 'c2lnbmF0dXJl' });
  }
  if (textOf(answer).length > 0) content.push({ type: 'text', text: textOf(answer).join('') });
  for (const tool of answer.tools ?? []) {
    const input = JSON.parse(tool.arguments.join('') || '{}');
    content.push({ type: 'tool_use', id: tool.id, name: tool.name, input });
  }
  return {
    id: 'msg_scripted',
    type: 'message',
    role: 'assistant',
    model: asked.model,
    content,
    stop_reason: messageStop(answer),
    stop_sequence: null,
    ...(answer.usage === 'none' ? {} : { usage: messageUsage(answer.usage ?? DEFAULT_USAGE) }),
  };
}

function messageFrames(answer: ScriptedAnswer, asked: Asked): string[] {
  const usage = answer.usage === 'none' ? undefined : messageUsage(answer.usage ?? DEFAULT_USAGE);
  const message = {
    id: 'msg_scripted',
    type: 'message',
    role: 'assistant',
    model: asked.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    ...(usage === undefined ? {} : { usage: { ...usage, output_tokens: 1 } }),
  };
  const frames = [
    named('message_start', { type: 'message_start', message }),
    named('ping', { type: 'ping' }),
  ];
  let index = 0;
  const block = (begin: object, deltas: readonly object[]) => {
    frames.push(named('content_block_start', { type: 'content_block_start', index, content_block: begin }));
    for (const delta of deltas) {
      frames.push(named('content_block_delta', { type: 'content_block_delta', index, delta }));
    }
    frames.push(named('content_block_stop', { type: 'content_block_stop', index }));
    index += 1;
  };
  if (answer.thinking !== undefined) {
    const deltas = answer.thinking.map((thinking) => ({ type: 'thinking_delta', thinking }));
    const signature = { type: 'signature_delta', signature: 'c2lnbmF0dXJl' };
    block({ type: 'thinking', thinking: '', signature: '' }, [...deltas, signature]);
  }
  if (textOf(answer).length > 0) {
    block(
      { type: 'text', text: '' },
      textOf(answer).map((text) => ({ type: 'text_delta', text })),
    );
  }
  for (const tool of answer.tools ?? []) {
    const deltas = tool.arguments.map((text) => ({ type: 'input_json_delta', partial_json: text }));
    block({ type: 'tool_use', id: tool.id, name: tool.name, input: {} }, deltas);
  }
  const output = usage === undefined ? {} : { usage: { output_tokens: usage.output_tokens } };
  const delta = { stop_reason: messageStop(answer), stop_sequence: null };
  frames.push(named('message_delta', { type: 'message_delta', delta, ...output }));
  frames.push(named('message_stop', { type: 'message_stop' }));
  return frames;
}

function messageStop(answer: ScriptedAnswer): string {
  return answer.stopReason ?? (answer.tools === undefined ? 'end_turn' : 'tool_use');
}

function messageUsage(usage: ScriptedUsage) {
  return {
    input_tokens: usage.input,
    cache_creation_input_tokens: usage.cacheWrite ?? 0,
    cache_read_input_tokens: usage.cacheRead ?? 0,
    output_tokens: usage.output,
  };
}
