// https://platform.openai.com/docs/api-reference/responses and /responses-streaming

import type { ScriptedAnswer, ScriptedTool } from './answer.ts';
import { callIdOf, textOf, usageOf } from './answer.ts';
import type { Json } from './json.ts';
import { listOf, objectsOf } from './json.ts';
import { CODES, openaiErrorBody, openaiProblems, retryAfterHeaders } from './openai-errors.ts';
import { openaiResponsesComplaints } from './openai-responses-rules.ts';
import { encryptedReasoning } from './openai-responses-seals.ts';
import { type Asked, named, type ScriptedFrame, type Wire } from './wire.ts';

export const openaiResponses: Wire = {
  dialect: 'openai-responses',
  problems: openaiProblems,
  whole: (answer, asked) =>
    respond(
      answer,
      asked,
      itemsOf(answer, asked).map(({ item }) => item),
    ),
  frames,
  errorFrame: (asked) => {
    const error = { code: CODES.overloaded ?? 'server_is_overloaded', message: 'scripted overload' };
    const response = { ...head(asked), status: 'failed', error, output: [], usage: null };
    return named('response.failed', { type: 'response.failed', sequence_number: 999, response });
  },
  errorBody: openaiErrorBody,
  errorHeaders: retryAfterHeaders,
  complaints: openaiResponsesComplaints,
};

const CREATED_S = 1_760_000_000;

/** An item as it ends, and the events that bring what is in it. */
interface SentItem {
  readonly item: Json;
  /** The item as it begins. */
  readonly begun: Json;
  readonly events: readonly SentEvent[];
}

interface SentEvent {
  readonly type: string;
  readonly fields: Json;
  readonly isPiece?: boolean;
}

function frames(answer: ScriptedAnswer, asked: Asked): readonly ScriptedFrame[] {
  const sent: ScriptedFrame[] = [];
  const send = ({ type, fields, isPiece = false }: SentEvent) => {
    const event = { type, sequence_number: sent.length, ...fields };
    sent.push({ text: named(type, event), isPiece });
  };
  const begun = { ...head(asked), status: 'in_progress', error: null, output: [], usage: null };
  send({ type: 'response.created', fields: { response: begun } });
  send({ type: 'response.in_progress', fields: { response: begun } });
  const items = itemsOf(answer, asked);
  for (const [index, { item, begun: started, events }] of items.entries()) {
    const place = { output_index: index };
    send({ type: 'response.output_item.added', fields: { ...place, item: started } });
    for (const event of events) send({ ...event, fields: { item_id: item.id, ...place, ...event.fields } });
    send({ type: 'response.output_item.done', fields: { ...place, item } });
  }
  const response = respond(
    answer,
    asked,
    items.map(({ item }) => item),
  );
  send({ type: `response.${response.status}`, fields: { response } });
  return sent;
}

function respond(answer: ScriptedAnswer, asked: Asked, output: readonly Json[]): Json {
  const reason = answer.finish === 'length' ? 'max_output_tokens' : 'content_filter';
  const isWhole = answer.finish === undefined || answer.finish === 'stop';
  return {
    ...head(asked),
    status: isWhole ? 'completed' : 'incomplete',
    error: null,
    incomplete_details: isWhole ? null : { reason },
    output,
    usage: writeUsage(answer) ?? null,
  };
}

/** As published, but that the real one repeats what it was asked with. */
function head(asked: Asked): Json {
  return {
    id: `resp_${asked.mark}`,
    object: 'response',
    created_at: CREATED_S,
    model: asked.model,
    instructions: null,
    incomplete_details: null,
    max_output_tokens: null,
    metadata: {},
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: false,
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    truncation: 'disabled',
  };
}

function itemsOf(answer: ScriptedAnswer, asked: Asked): readonly SentItem[] {
  const items: SentItem[] = [];
  if (answer.thinking !== undefined || answer.isThinkingRedacted) items.push(reasoning(answer, asked));
  const text = textOf(answer);
  if (text.length > 0 || answer.refusal !== undefined) items.push(message(text, answer.refusal, asked));
  for (const [index, tool] of (answer.tools ?? []).entries()) items.push(call(tool, index, asked));
  return items;
}

function reasoning({ thinking = [] }: ScriptedAnswer, { body, mark }: Asked): SentItem {
  const id = `rs_${mark}`;
  const isEncrypted = listOf(body.include).includes('reasoning.encrypted_content');
  const encrypted = isEncrypted ? { encrypted_content: encryptedReasoning(id) } : {};
  const words = thinking.join('');
  const summary = words === '' ? [] : [{ type: 'summary_text', text: words }];
  const place = { summary_index: 0 };
  const events: SentEvent[] =
    words === ''
      ? []
      : [
          {
            type: 'response.reasoning_summary_part.added',
            fields: { ...place, part: { type: 'summary_text', text: '' } },
          },
          ...thinking.map((delta) => ({
            type: 'response.reasoning_summary_text.delta',
            fields: { ...place, delta },
            isPiece: true,
          })),
          { type: 'response.reasoning_summary_text.done', fields: { ...place, text: words } },
          { type: 'response.reasoning_summary_part.done', fields: { ...place, part: summary[0] } },
        ];
  return {
    item: { id, type: 'reasoning', summary, ...encrypted },
    begun: { id, type: 'reasoning', summary: [], ...encrypted },
    events,
  };
}

function message(text: readonly string[], refusal: string | undefined, { mark }: Asked): SentItem {
  const id = `msg_${mark}`;
  const frame = { id, type: 'message', role: 'assistant' };
  const isRefusal = refusal !== undefined;
  const pieces = isRefusal ? [refusal] : text;
  const whole = pieces.join('');
  const part = (words: string) =>
    isRefusal
      ? { type: 'refusal', refusal: words }
      : { type: 'output_text', text: words, annotations: [], logprobs: [] };
  const place = { content_index: 0 };
  const kind = isRefusal ? 'response.refusal' : 'response.output_text';
  const ended = isRefusal ? { refusal: whole } : { text: whole, logprobs: [] };
  return {
    item: { ...frame, status: 'completed', content: [part(whole)] },
    begun: { ...frame, status: 'in_progress', content: [] },
    events: [
      { type: 'response.content_part.added', fields: { ...place, part: part('') } },
      ...pieces.map((delta) => ({
        type: `${kind}.delta`,
        fields: { ...place, delta, ...(!isRefusal && { logprobs: [] }) },
        isPiece: true,
      })),
      { type: `${kind}.done`, fields: { ...place, ...ended } },
      { type: 'response.content_part.done', fields: { ...place, part: part(whole) } },
    ],
  };
}

/** A tool is called in the form, and under the namespace, in which it was declared. */
function call(tool: ScriptedTool, index: number, asked: Asked): SentItem {
  const declared = declarationOf(tool.name, asked.body);
  const text = tool.arguments.join('');
  const callId = callIdOf(tool, index, 'call_', asked.mark);
  if (declared?.type === 'tool_search') {
    const item = {
      type: 'tool_search_call',
      id: `tsc_${asked.mark}${index}`,
      call_id: callId,
      execution: 'client',
    };
    const done = { ...item, arguments: JSON.parse(text || '{}'), status: 'completed' };
    return { item: done, begun: { ...item, arguments: {}, status: 'in_progress' }, events: [] };
  }
  const isCustom = declared?.type === 'custom';
  const field = isCustom ? 'input' : 'arguments';
  const item = {
    id: `${isCustom ? 'ctc' : 'fc'}_${asked.mark}${index}`,
    type: isCustom ? 'custom_tool_call' : 'function_call',
    call_id: callId,
    name: tool.name,
    ...(declared?.namespace !== undefined && { namespace: declared.namespace }),
  };
  const kind = isCustom ? 'response.custom_tool_call_input' : 'response.function_call_arguments';
  return {
    item: { ...item, [field]: text, status: 'completed' },
    begun: { ...item, [field]: '', status: 'in_progress' },
    events: [
      ...tool.arguments.map((delta) => ({ type: `${kind}.delta`, fields: { delta }, isPiece: true })),
      { type: `${kind}.done`, fields: { [field]: text, ...(!isCustom && { name: tool.name }) } },
    ],
  };
}

interface Declaration {
  readonly type: string;
  readonly namespace?: string;
}

/** Tools stand in `tools`, in items of the input that bring more of them, and in namespaces in both. */
function declarationOf(name: string, body: Json): Declaration | undefined {
  const brought = Array.isArray(body.input) ? objectsOf(body.input) : [];
  const lists = [body.tools, ...brought.map((item) => item.tools)];
  for (const tool of lists.flatMap(objectsOf)) {
    const type = String(tool.type);
    if (type === 'namespace') {
      const inner = objectsOf(tool.tools).find((one) => one.name === name);
      if (inner !== undefined) return { type: String(inner.type), namespace: String(tool.name) };
    }
    if (tool.name === name || (type === 'tool_search' && name === 'tool_search')) return { type };
  }
  return undefined;
}

function writeUsage(answer: ScriptedAnswer): object | undefined {
  const usage = usageOf(answer);
  if (usage === undefined) return undefined;
  const { input, output, cacheRead = 0, cacheWrite = 0, reasoning: reasoningTokens = 0 } = usage;
  const prompt = input + cacheRead + cacheWrite;
  return {
    input_tokens: prompt,
    input_tokens_details: {
      cached_tokens: cacheRead,
      ...(cacheWrite > 0 && { cache_write_tokens: cacheWrite }),
    },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoningTokens },
    total_tokens: prompt + output,
  };
}
