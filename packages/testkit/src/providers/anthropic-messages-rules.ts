// What Anthropic's Messages refuses, in its own words as seen up to November 2026.

import { conversationComplaints } from './anthropic-conversation-rules.ts';
import { claudeVersion, isNewClaude } from './claude-version.ts';
import { isObject, type Json, listOf, objectOf, objectsOf, stringOf } from './json.ts';
import type { Complaints } from './problem.ts';
import type { Asked } from './wire.ts';

export function* anthropicComplaints({ body, model }: Asked): Complaints {
  if (typeof body.max_tokens !== 'number') yield { message: 'max_tokens: Field required' };
  yield* anthropicPromptComplaints(body, model);
}

/** Holds for what is only counted, too. */
export function* anthropicPromptComplaints(body: Json, model: string): Complaints {
  for (const name of FOREIGN) {
    if (name in body) yield { message: `${name}: Extra inputs are not permitted` };
  }
  yield* sampling(body, model);
  yield* thinking(body, model);
  yield* system(body);
  yield* tools(body);
  yield* output(body);
  yield* conversationComplaints(body, model);
  yield* cacheMarks(body);
}

/** Names that other dialects have for the same thing. */
const FOREIGN = [
  'stop',
  'max_completion_tokens',
  'max_output_tokens',
  'n',
  'seed',
  'presence_penalty',
  'frequency_penalty',
  'response_format',
  'reasoning_effort',
  'reasoning',
  'parallel_tool_calls',
  'prompt_cache_key',
  'stream_options',
  'input',
  'contents',
  'generationConfig',
  'instructions',
  'store',
  'include',
];

function* sampling(body: Json, model: string): Complaints {
  const { temperature } = body;
  if (isNewClaude(model, 4.7)) {
    for (const name of ['temperature', 'top_p', 'top_k']) {
      const isTaken = body[name] === undefined || (name === 'temperature' && temperature === 1);
      if (!isTaken) yield { message: `\`${name}\` is deprecated for this model.` };
    }
  }
  if (typeof temperature === 'number' && (temperature < 0 || temperature > 1)) {
    yield { message: 'temperature: range: 0..1' };
  }
  if (isNewClaude(model, 4.1) && temperature !== undefined && body.top_p !== undefined) {
    yield {
      message: '`temperature` and `top_p` cannot both be specified for this model. Please use only one.',
    };
  }
  if (listOf(body.stop_sequences).some((text) => stringOf(text).trim() === '')) {
    yield { message: 'stop_sequences: each stop sequence must contain non-whitespace' };
  }
}

function* thinking(body: Json, model: string): Complaints {
  const { type, budget_tokens: budget } = objectOf(body.thinking);
  if (type === 'adaptive' && claudeVersion(model) > 0 && !isNewClaude(model, 4.6)) {
    yield { message: 'adaptive thinking is not supported on this model' };
  }
  if (type !== 'enabled') return;
  if (isNewClaude(model, 4.8)) {
    yield {
      message:
        '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.',
    };
  }
  if (typeof budget !== 'number') yield { message: 'thinking.enabled.budget_tokens: Field required' };
  if (Number(budget) < 1_024) {
    yield { message: 'thinking.enabled.budget_tokens: Input should be greater than or equal to 1024' };
  }
  if (typeof body.max_tokens === 'number' && body.max_tokens <= Number(budget)) {
    yield {
      message:
        '`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking#max-tokens-and-context-window-size',
    };
  }
  if (body.temperature !== undefined && body.temperature !== 1) {
    yield { message: '`temperature` may only be set to 1 when thinking is enabled.' };
  }
  if (['any', 'tool'].includes(stringOf(objectOf(body.tool_choice).type))) {
    yield { message: 'Thinking may not be enabled when tool_choice forces tool use.' };
  }
}

function* system({ system }: Json): Complaints {
  if (system === undefined || typeof system === 'string') return;
  if (!Array.isArray(system)) yield { message: 'system: Input should be a valid list' };
  for (const [at, block] of objectsOf(system).entries()) {
    if (block.type !== 'text') yield { message: `system.${at}.type: Input should be 'text'` };
    if (block.text === '') yield { message: 'system: text content blocks must be non-empty' };
  }
}

function* tools(body: Json): Complaints {
  const declared = objectsOf(body.tools);
  const names = new Set<unknown>();
  for (const [at, tool] of declared.entries()) {
    if (names.has(tool.name)) yield { message: 'tools: Tool names must be unique.' };
    names.add(tool.name);
    const isOwn = tool.type !== undefined && tool.type !== 'custom';
    if (isOwn && /^[a-z_]+_\d{8}$/.test(stringOf(tool.type))) continue;
    if (isOwn) {
      yield {
        message: `tools.${at}: Input tag '${tool.type}' found using 'type' does not match any of the expected tags`,
      };
    }
    yield* toolRules(tool, `tools.${at}.custom`);
  }
  const { type, name } = objectOf(body.tool_choice);
  if (type !== undefined && type !== 'none' && declared.length === 0) {
    yield { message: 'tool_choice may only be specified while providing tools.' };
  }
  if (type === 'tool' && !names.has(name)) yield { message: `Tool '${name}' not found in provided tools` };
  if (type !== undefined && !['auto', 'any', 'tool', 'none'].includes(stringOf(type))) {
    yield {
      message: `tool_choice: Input tag '${type}' found using 'type' does not match any of the expected tags`,
    };
  }
  if (typeof body.tool_choice === 'string') yield { message: 'tool_choice: Input should be an object' };
}

function* toolRules(tool: Json, place: string): Complaints {
  for (const name of ['function', 'parameters']) {
    if (name in tool) yield { message: `${place}.${name}: Extra inputs are not permitted` };
  }
  if (!/^[a-zA-Z0-9_-]{1,128}$/.test(stringOf(tool.name))) {
    yield { message: `${place}.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'` };
  }
  const { input_schema: schema } = tool;
  if (!isObject(schema)) yield { message: `${place}.input_schema: Field required` };
  const { type } = objectOf(schema);
  if (type === undefined) yield { message: `${place}.input_schema.type: Field required` };
  if (type !== 'object') yield { message: `${place}.input_schema.type: Input should be 'object'` };
  if (['oneOf', 'allOf', 'anyOf'].some((name) => name in objectOf(schema))) {
    yield {
      message: `${place}.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level`,
    };
  }
}

function* output(body: Json): Complaints {
  const format = objectOf(objectOf(body.output_config).format);
  if (format.type === undefined) return;
  if (format.type !== 'json_schema') {
    yield { message: "output_config.format.type: Input should be 'json_schema'" };
  }
  yield* closedSchema(format.schema);
}

function* closedSchema(schema: unknown): Complaints {
  const { type, properties, items, additionalProperties } = objectOf(schema);
  if (type === 'object' && additionalProperties !== false) {
    yield {
      message:
        "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
    };
  }
  for (const property of Object.values(objectOf(properties))) yield* closedSchema(property);
  if (items !== undefined) yield* closedSchema(items);
}

const CACHE_MARKS_MAX = 4;

function* cacheMarks(body: Json): Complaints {
  const marks = JSON.stringify(body).split('"cache_control":{').length - 1;
  if (marks <= CACHE_MARKS_MAX) return;
  yield { message: `A maximum of 4 blocks with cache_control may be provided. Found ${marks}.` };
}
