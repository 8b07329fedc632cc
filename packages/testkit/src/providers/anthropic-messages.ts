// https://docs.claude.com/en/api/messages

import type { ScriptedAnswer } from './answer.ts';
import { callIdOf, textOf, usageOf } from './answer.ts';
import { anthropicComplaints } from './anthropic-messages-rules.ts';
import { REDACTED_DATA, thinkingSignature } from './anthropic-messages-seals.ts';
import type { Problem, ProblemName } from './problem.ts';
import { type Asked, named, type ScriptedFrame, type Wire } from './wire.ts';

export const anthropicMessages: Wire = {
  dialect: 'anthropic-messages',
  problems: {
    badRequest: { status: 400, message: 'messages: Field required' },
    contextOverflow: { status: 400, message: 'prompt is too long: 213462 tokens > 200000 maximum' },
    policy: { status: 400, message: 'Output blocked by content filtering policy' },
    badKey: { status: 401, message: 'invalid x-api-key' },
    noCredit: {
      status: 402,
      message: 'Your credit balance is too low to access the Anthropic API.',
    },
    forbidden: {
      status: 403,
      message: 'Your API key does not have permission to use the specified resource.',
    },
    unknownModel: { status: 404, message: 'model: nothing' },
    tooLarge: { status: 413, message: 'Request exceeds the maximum size' },
    rate: {
      status: 429,
      message: "This request would exceed your organization's rate limit of 50 requests per minute.",
    },
    quotaSpent: { status: 429, message: 'You have reached your specified API usage limits.' },
    server: { status: 500, message: 'Internal server error' },
    overloaded: { status: 529, message: 'Overloaded' },
    timeout: { status: 504, message: 'The request timed out while processing.' },
  },
  whole,
  frames,
  errorFrame: () =>
    named('error', { type: 'error', error: { type: 'overloaded_error', message: 'scripted overload' } }),
  errorBody,
  errorHeaders: ({ retryAfterS }): Readonly<Record<string, string>> =>
    retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) },
  complaints: anthropicComplaints,
};

const ERROR_TYPES: Readonly<Partial<Record<ProblemName, string>>> = {
  badKey: 'authentication_error',
  noCredit: 'billing_error',
  forbidden: 'permission_error',
  unknownModel: 'not_found_error',
  tooLarge: 'request_too_large',
  rate: 'rate_limit_error',
  quotaSpent: 'rate_limit_error',
  overloaded: 'overloaded_error',
  timeout: 'timeout_error',
};

function errorBody({ name, status, message }: Problem): object {
  // 503 is nothing that Anthropic says by itself; what stands before it does.
  const known = status === 503 ? undefined : ERROR_TYPES[name];
  const type = known ?? (status < 500 ? 'invalid_request_error' : 'api_error');
  return { type: 'error', error: { type, message }, request_id: 'req_scripted' };
}

function whole(answer: ScriptedAnswer, asked: Asked): object {
  const content: object[] = [];
  if (answer.thinking !== undefined) {
    const thinking = answer.thinking.join('');
    content.push({ type: 'thinking', thinking, signature: thinkingSignature(thinking) });
  }
  if (answer.isThinkingRedacted) content.push({ type: 'redacted_thinking', data: REDACTED_DATA });
  const text = [...textOf(answer), answer.refusal ?? ''].join('');
  if (text !== '') content.push({ type: 'text', text });
  for (const [index, tool] of (answer.tools ?? []).entries()) {
    const input = JSON.parse(tool.arguments.join('') || '{}');
    content.push({
      type: 'tool_use',
      id: callIdOf(tool, index, 'toolu_', asked.mark),
      name: tool.name,
      input,
    });
  }
  return {
    id: `msg_${asked.mark}`,
    type: 'message',
    role: 'assistant',
    model: asked.model,
    content,
    stop_reason: stopOf(answer),
    stop_sequence: null,
    ...(answer.usage === 'none' ? {} : { usage: writeUsage(answer) }),
  };
}

function frames(answer: ScriptedAnswer, asked: Asked): readonly ScriptedFrame[] {
  const usage = writeUsage(answer);
  const message = {
    id: `msg_${asked.mark}`,
    type: 'message',
    role: 'assistant',
    model: asked.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    ...(usage === undefined ? {} : { usage: { ...usage, output_tokens: 1 } }),
  };
  const sent: ScriptedFrame[] = [];
  const send = (type: string, fields: object, isPiece = false) =>
    sent.push({ text: named(type, { type, ...fields }), isPiece });
  send('message_start', { message });
  send('ping', {});
  let index = 0;
  const block = (begin: object, pieces: readonly object[], last?: object) => {
    send('content_block_start', { index, content_block: begin });
    for (const delta of pieces) send('content_block_delta', { index, delta }, true);
    if (last !== undefined) send('content_block_delta', { index, delta: last });
    send('content_block_stop', { index });
    index += 1;
  };
  if (answer.thinking !== undefined) {
    const pieces = answer.thinking.map((thinking) => ({ type: 'thinking_delta', thinking }));
    const signature = thinkingSignature(answer.thinking.join(''));
    block({ type: 'thinking', thinking: '', signature: '' }, pieces, { type: 'signature_delta', signature });
  }
  if (answer.isThinkingRedacted) block({ type: 'redacted_thinking', data: REDACTED_DATA }, []);
  const texts = [...textOf(answer), ...(answer.refusal === undefined ? [] : [answer.refusal])];
  if (texts.length > 0) {
    block(
      { type: 'text', text: '' },
      texts.map((text) => ({ type: 'text_delta', text })),
    );
  }
  for (const [at, tool] of (answer.tools ?? []).entries()) {
    const pieces = tool.arguments.map((text) => ({ type: 'input_json_delta', partial_json: text }));
    block(
      { type: 'tool_use', id: callIdOf(tool, at, 'toolu_', asked.mark), name: tool.name, input: {} },
      pieces,
    );
  }
  const delta = { stop_reason: stopOf(answer), stop_sequence: null };
  const output = usage === undefined ? {} : { usage: { output_tokens: usage.output_tokens } };
  send('message_delta', { delta, ...output });
  send('message_stop', {});
  return sent;
}

function stopOf(answer: ScriptedAnswer): string {
  if (answer.stopReason !== undefined) return answer.stopReason;
  if (answer.finish === 'length') return 'max_tokens';
  if (answer.finish === 'blocked' || answer.refusal !== undefined) return 'refusal';
  return answer.tools === undefined ? 'end_turn' : 'tool_use';
}

function writeUsage(answer: ScriptedAnswer) {
  const usage = usageOf(answer);
  if (usage === undefined) return undefined;
  return {
    input_tokens: usage.input,
    cache_creation_input_tokens: usage.cacheWrite ?? 0,
    cache_read_input_tokens: usage.cacheRead ?? 0,
    output_tokens: usage.output,
    ...(usage.reasoning !== undefined && {
      output_tokens_details: { thinking_tokens: usage.reasoning },
    }),
  };
}
