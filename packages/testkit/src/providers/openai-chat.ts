// https://platform.openai.com/docs/api-reference/chat, with `reasoning_content` as providers of open models have it.

import type { ScriptedAnswer, ScriptedTool, ScriptedUsage } from './answer.ts';
import { callIdOf, textOf, usageOf } from './answer.ts';
import { objectOf, objectsOf } from './json.ts';
import { openaiChatComplaints } from './openai-chat-rules.ts';
import { openaiErrorBody, openaiProblems, retryAfterHeaders } from './openai-errors.ts';
import { type Asked, bare, type ScriptedFrame, type Wire } from './wire.ts';

export const openaiChat: Wire = {
  dialect: 'openai-chat',
  problems: openaiProblems,
  whole,
  frames,
  errorFrame: () =>
    bare({ error: { message: 'scripted overload', type: 'server_error', code: 'server_is_overloaded' } }),
  errorBody: openaiErrorBody,
  errorHeaders: retryAfterHeaders,
  complaints: openaiChatComplaints,
};

const CREATED_S = 1_760_000_000;

function whole(answer: ScriptedAnswer, asked: Asked): object {
  const message: Record<string, unknown> = {
    role: 'assistant',
    content: textOf(answer).join('') || null,
    ...(answer.refusal !== undefined && { refusal: answer.refusal }),
  };
  if (answer.thinking !== undefined) message.reasoning_content = answer.thinking.join('');
  if (answer.tools !== undefined) {
    message.tool_calls = answer.tools.map((tool, index) => {
      const id = callIdOf(tool, index, 'call_', asked.mark);
      const text = tool.arguments.join('');
      return isCustom(tool, asked)
        ? { id, type: 'custom', custom: { name: tool.name, input: text } }
        : { id, type: 'function', function: { name: tool.name, arguments: text } };
    });
  }
  return {
    id: `chatcmpl-${asked.mark}`,
    object: 'chat.completion',
    created: CREATED_S,
    model: asked.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: stopOf(answer) }],
    ...usageField(answer),
  };
}

function frames(answer: ScriptedAnswer, asked: Asked): readonly ScriptedFrame[] {
  const frame = (choices: readonly object[], isPiece: boolean, more: object = {}): ScriptedFrame => ({
    text: bare({
      id: `chatcmpl-${asked.mark}`,
      object: 'chat.completion.chunk',
      created: CREATED_S,
      model: asked.model,
      choices,
      ...more,
    }),
    isPiece,
  });
  const delta = (value: object, isPiece = true) =>
    frame([{ index: 0, delta: value, finish_reason: null }], isPiece);
  const sent = [delta({ role: 'assistant', content: '' }, false)];
  for (const text of answer.thinking ?? []) sent.push(delta({ reasoning_content: text }));
  for (const text of textOf(answer)) sent.push(delta({ content: text }));
  if (answer.refusal !== undefined) sent.push(delta({ refusal: answer.refusal }));
  for (const [index, tool] of (answer.tools ?? []).entries()) {
    const id = callIdOf(tool, index, 'call_', asked.mark);
    const [type, field] = isCustom(tool, asked) ? ['custom', 'input'] : ['function', 'arguments'];
    const begin = { index, id, type, [type]: { name: tool.name, [field]: '' } };
    sent.push(delta({ tool_calls: [begin] }, false));
    for (const text of tool.arguments)
      sent.push(delta({ tool_calls: [{ index, [type]: { [field]: text } }] }));
  }
  sent.push(frame([{ index: 0, delta: {}, finish_reason: stopOf(answer) }], false));
  const isUsageAsked =
    asked.body.stream !== true || objectOf(asked.body.stream_options).include_usage === true;
  if (answer.usage !== 'none' && isUsageAsked) sent.push(frame([], false, usageField(answer)));
  sent.push({ text: 'data: [DONE]\n\n', isPiece: false });
  return sent;
}

/** A tool is called in the form in which it was declared. */
function isCustom({ name }: ScriptedTool, { body }: Asked): boolean {
  return objectsOf(body.tools).some((tool) => tool.type === 'custom' && objectOf(tool.custom).name === name);
}

function stopOf(answer: ScriptedAnswer): string {
  if (answer.stopReason !== undefined) return answer.stopReason;
  if (answer.finish === 'length') return 'length';
  if (answer.finish === 'blocked') return 'content_filter';
  return answer.tools === undefined ? 'stop' : 'tool_calls';
}

function usageField(answer: ScriptedAnswer): object {
  const usage = usageOf(answer);
  return usage === undefined ? {} : { usage: writeUsage(usage) };
}

function writeUsage(usage: ScriptedUsage): object {
  const { input, output, cacheRead = 0, cacheWrite = 0, reasoning } = usage;
  const prompt = input + cacheRead + cacheWrite;
  return {
    prompt_tokens: prompt,
    completion_tokens: output,
    total_tokens: prompt + output,
    prompt_tokens_details: {
      cached_tokens: cacheRead,
      ...(cacheWrite > 0 && { cache_write_tokens: cacheWrite }),
    },
    ...(reasoning !== undefined && { completion_tokens_details: { reasoning_tokens: reasoning } }),
  };
}
