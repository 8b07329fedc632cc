// What OpenAI's Responses refuses, in its own words as seen up to November 2026.

import { type Json, listOf, objectOf, objectsOf, stringOf } from './json.ts';
import { functionName, lengthRule } from './openai-chat-rules.ts';
import { isEncryptedReasoning } from './openai-responses-seals.ts';
import type { Complaints } from './problem.ts';
import type { Asked } from './wire.ts';

export function* openaiResponsesComplaints({ body, model }: Asked): Complaints {
  yield* settings(body, model);
  if (typeof body.input !== 'string' && !Array.isArray(body.input)) {
    yield {
      message: "Missing required parameter: 'input'.",
      param: 'input',
      code: 'missing_required_parameter',
    };
  }
  const items = Array.isArray(body.input) ? objectsOf(body.input) : [];
  const brought = items.flatMap((item) => objectsOf(item.tools));
  yield* tools([...objectsOf(body.tools), ...brought], body);
  for (const [at, item] of items.entries()) yield* itemRules(item, `input[${at}]`, body);
  if (body.previous_response_id === undefined) yield* pairs(items);
}

/** Names that other dialects have for the same thing. */
const FOREIGN = [
  'messages',
  'max_tokens',
  'max_completion_tokens',
  'system',
  'stop',
  'stop_sequences',
  'response_format',
  'reasoning_effort',
  'seed',
  'n',
  'logit_bias',
  'logprobs',
  'presence_penalty',
  'frequency_penalty',
  'top_k',
  'thinking',
  'contents',
  'generationConfig',
];

function* settings(body: Json, model: string): Complaints {
  for (const name of FOREIGN) {
    if (!(name in body)) continue;
    yield { message: `Unknown parameter: '${name}'.`, param: name, code: 'unknown_parameter' };
  }
  if (objectOf(body.stream_options).include_usage !== undefined) {
    const param = 'stream_options.include_usage';
    yield { message: `Unknown parameter: '${param}'.`, param, code: 'unknown_parameter' };
  }
  const { max_output_tokens: max } = body;
  if (typeof max === 'number' && max < 16) {
    yield {
      message: `Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got ${max} instead.`,
      param: 'max_output_tokens',
      code: 'integer_below_min_value',
    };
  }
  const format = objectOf(objectOf(body.text).format);
  if (format.type === 'json_schema') {
    yield* functionName(format.name, 'text.format.name');
    if (format.strict === true) yield* strictSchema(format.schema, `response_format '${format.name}'`);
  }
  if (!/^(?:gpt-[5-9]|o\d)/.test(model)) return;
  for (const name of ['temperature', 'top_p']) {
    if (body[name] === undefined || body[name] === null || body[name] === 1) continue;
    yield {
      message: `Unsupported parameter: '${name}' is not supported with this model.`,
      param: name,
    };
  }
}

const TOOL_TYPES =
  /^(?:function|custom|namespace|tool_search|web_search\w*|file_search|computer\w*|mcp|code_interpreter|image_generation|local_shell|shell|apply_patch)$/;

function* tools(declared: readonly Json[], body: Json): Complaints {
  for (const [at, tool] of declared.entries()) {
    const type = stringOf(tool.type);
    if (!TOOL_TYPES.test(type)) {
      yield { message: `Invalid value: '${type}'.`, param: `tools[${at}].type`, code: 'invalid_value' };
    }
    if (type === 'function' || type === 'custom') yield* functionName(tool.name, `tools[${at}].name`);
    if (type !== 'function') continue;
    const { parameters } = tool;
    if (parameters !== null && parameters !== undefined && objectOf(parameters).type !== 'object') {
      yield {
        message: `Invalid schema for function '${tool.name}': schema must be a JSON Schema of 'type: "object"', got 'type: "${objectOf(parameters).type ?? 'None'}"'.`,
        param: `tools[${at}].parameters`,
        code: 'invalid_function_parameters',
      };
    }
    if (tool.strict === true) yield* strictSchema(parameters, `function '${tool.name}'`);
  }
  const choice = body.tool_choice;
  const isForced = choice === 'required' || objectOf(choice).type === 'function';
  if (isForced && declared.length === 0) {
    yield {
      message: "Tool choice 'required' must be specified with 'tools' parameter.",
      param: 'tool_choice',
    };
  }
  const named = objectOf(choice).type === 'function' ? objectOf(choice).name : undefined;
  if (named !== undefined && !declared.some((tool) => tool.name === named)) {
    yield { message: `Tool choice 'function' not found in 'tools' parameter.`, param: 'tool_choice' };
  }
}

/** https://platform.openai.com/docs/guides/structured-outputs#supported-schemas */
function* strictSchema(schema: unknown, whose: string): Complaints {
  const { type, properties, items, required, additionalProperties } = objectOf(schema);
  if (type === 'object' && additionalProperties !== false) {
    yield {
      message: `Invalid schema for ${whose}: In context=(), 'additionalProperties' is required to be supplied and to be false.`,
      code: 'invalid_function_parameters',
    };
  }
  const names = Object.keys(objectOf(properties));
  const missing = names.find((name) => !listOf(required).includes(name));
  if (missing !== undefined) {
    yield {
      message: `Invalid schema for ${whose}: In context=(), 'required' is required to be supplied and to be an array including every key in properties. Missing '${missing}'.`,
      code: 'invalid_function_parameters',
    };
  }
  for (const name of names) yield* strictSchema(objectOf(properties)[name], whose);
  if (items !== undefined) yield* strictSchema(items, whose);
}

const PREFIXES: Readonly<Record<string, string>> = {
  message: 'msg',
  reasoning: 'rs',
  function_call: 'fc',
  custom_tool_call: 'ctc',
};

const ITEM_TYPES =
  /^(?:message|reasoning|function_call|function_call_output|custom_tool_call|custom_tool_call_output|tool_search_call|tool_search_output|additional_tools|item_reference|compaction|compaction_trigger|web_search_call|local_shell_call\w*|shell_call\w*|apply_patch_call\w*|mcp_\w+|image_generation_call|code_interpreter_call|file_search_call|computer_call\w*)$/;

function* itemRules(item: Json, param: string, body: Json): Complaints {
  const type = stringOf(item.type) || (item.role === undefined ? '' : 'message');
  if (!ITEM_TYPES.test(type)) {
    yield { message: `Invalid value: '${type}'.`, param: `${param}.type`, code: 'invalid_value' };
  }
  if (item.id !== undefined && item.id !== null)
    yield* idRules(stringOf(item.id), `${param}.id`, PREFIXES[type]);
  if (/_call(?:_output)?$/.test(type) && item.call_id !== undefined) {
    if (item.call_id === '') {
      yield {
        message: `Invalid '${param}.call_id': empty string. Expected a string with minimum length 1, but got an empty string instead.`,
        param: `${param}.call_id`,
        code: 'empty_string',
      };
    }
    yield* lengthRule(stringOf(item.call_id), 64, `${param}.call_id`);
  }
  if (type === 'message') yield* messageRules(item, param);
  if (type === 'reasoning') yield* reasoningRules(item, param, body);
  if (type === 'function_call') yield* functionName(item.name, `${param}.name`);
  const field = type === 'function_call' ? 'arguments' : type === 'custom_tool_call' ? 'input' : undefined;
  if (field !== undefined && typeof item[field] !== 'string') {
    yield { message: `Invalid type for '${param}.${field}': expected a string.`, param: `${param}.${field}` };
  }
  if (/_call_output$/.test(type) && typeof item.output !== 'string' && !Array.isArray(item.output)) {
    yield { message: `Missing required parameter: '${param}.output'.`, param: `${param}.output` };
  }
  for (const [index, part] of objectsOf(item.output).entries()) {
    if (/^input_(?:text|image|file)$/.test(stringOf(part.type))) continue;
    yield {
      message: `Invalid value: '${part.type}'. Supported values are: 'input_text', 'input_image', and 'input_file'.`,
      param: `${param}.output[${index}].type`,
    };
  }
}

function* idRules(id: string, param: string, prefix: string | undefined): Complaints {
  if (!/^[A-Za-z0-9_-]+$/.test(id)) {
    yield {
      message: `Invalid '${param}': '${id}'. Expected an ID that contains letters, numbers, underscores, or dashes, but this value contained additional characters.`,
      param,
      code: 'invalid_value',
    };
  }
  yield* lengthRule(id, 64, param);
  if (prefix !== undefined && !id.startsWith(prefix)) {
    yield {
      message: `Invalid '${param}': '${id}'. Expected an ID that begins with '${prefix}'.`,
      param,
      code: 'invalid_value',
    };
  }
}

function* messageRules({ role, content }: Json, param: string): Complaints {
  if (!['user', 'assistant', 'system', 'developer'].includes(stringOf(role))) {
    yield {
      message: `Invalid value: '${role}'. Supported values are: 'assistant', 'system', 'developer', and 'user'.`,
      param: `${param}.role`,
    };
  }
  if (typeof content !== 'string' && !Array.isArray(content)) {
    yield { message: `Missing required parameter: '${param}.content'.`, param: `${param}.content` };
  }
  const allowed =
    role === 'assistant' ? ['output_text', 'refusal'] : ['input_text', 'input_image', 'input_file'];
  for (const [index, part] of objectsOf(content).entries()) {
    if (!allowed.includes(stringOf(part.type))) {
      const supported = allowed.map((name) => `'${name}'`).join(', ');
      yield {
        message: `Invalid value: '${part.type}'. Supported values are: ${supported}.`,
        param: `${param}.content[${index}].type`,
        code: 'invalid_value',
      };
    }
    if (part.type === 'input_image' && part.image_url !== undefined && typeof part.image_url !== 'string') {
      yield {
        message: `Invalid type for '${param}.content[${index}].image_url': expected an image URL, but got an object instead.`,
      };
    }
  }
}

function* reasoningRules(item: Json, param: string, body: Json): Complaints {
  if (!Array.isArray(item.summary)) {
    yield { message: `Missing required parameter: '${param}.summary'.`, param: `${param}.summary` };
  }
  const { encrypted_content: encrypted, id } = item;
  if (typeof encrypted === 'string') {
    if (isEncryptedReasoning(encrypted, id ?? undefined)) return;
    yield {
      message: `The encrypted content ${encrypted.slice(0, 8)}... could not be verified. Reason: Encrypted content could not be decrypted or parsed.`,
      code: 'invalid_encrypted_content',
    };
  }
  if (id !== undefined && body.store === false) {
    yield {
      status: 404,
      message: `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false. Try again with \`store\` set to true, or remove this item from your input.`,
      param: 'input',
    };
  }
}

const CALLS: Readonly<Record<string, string>> = {
  function_call: 'function call',
  custom_tool_call: 'custom tool call',
};

/** Outputs need not stand behind their calls, but each call has one and each one its call. */
function* pairs(items: readonly Json[]): Complaints {
  for (const [type, words] of Object.entries(CALLS)) {
    const idsOf = (wanted: string) =>
      items.filter((item) => item.type === wanted).map((item) => item.call_id);
    const calls = idsOf(type);
    const outputs = idsOf(`${type}_output`);
    const lost = outputs.find((id) => !calls.includes(id));
    if (lost !== undefined) {
      yield { message: `No tool call found for ${words} output with call_id ${lost}.`, param: 'input' };
    }
    const open = calls.find((id) => !outputs.includes(id));
    if (open !== undefined) yield { message: `No tool output found for ${words} ${open}.`, param: 'input' };
    const twice = calls.find((id, at) => calls.indexOf(id) !== at);
    if (twice !== undefined) yield { message: `Duplicate item found with call_id ${twice}.`, param: 'input' };
  }
}
