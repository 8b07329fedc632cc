// What OpenAI's Chat Completions refuses, in its own words as seen up to November 2026; and what two models that are reached
// in this dialect refuse on top.

import { isObject, type Json, listOf, objectOf, objectsOf, stringOf } from './json.ts';
import type { Complaints } from './problem.ts';
import type { Asked } from './wire.ts';

export function* openaiChatComplaints({ body, model }: Asked): Complaints {
  yield* foreignFields(body);
  yield* settings(body, model);
  yield* tools(body);
  const messages = objectsOf(body.messages);
  if (messages.length === 0) {
    yield {
      message:
        "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
      param: 'messages',
      code: 'empty_array',
    };
  }
  for (const [at, message] of messages.entries()) yield* messageRules(message, at);
  yield* pairs(messages);
  yield* deepseek(messages, body, model);
}

/** Names that other dialects have for the same thing. */
const FOREIGN = [
  'input',
  'system',
  'contents',
  'max_output_tokens',
  'stop_sequences',
  'generationConfig',
  'output_config',
];

function* foreignFields(body: Json): Complaints {
  for (const name of FOREIGN) {
    if (name in body) yield { message: `Unrecognized request argument supplied: ${name}` };
  }
}

function* settings(body: Json, model: string): Complaints {
  if (listOf(body.stop).length > 4) {
    yield {
      message: `Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length ${listOf(body.stop).length} instead.`,
      param: 'stop',
    };
  }
  const format = objectOf(body.response_format);
  if (format.type === 'json_schema' && stringOf(objectOf(format.json_schema).name) === '') {
    const param = 'response_format.json_schema.name';
    yield { message: `Missing required parameter: '${param}'.`, param };
  }
  if (body.stream_options !== undefined && body.stream_options !== null && body.stream !== true) {
    yield {
      message: "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
      param: 'stream_options',
    };
  }
  if (!/^(?:gpt-[5-9]|o\d)/.test(model)) return;
  if ('max_tokens' in body) {
    yield {
      message:
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      param: 'max_tokens',
      code: 'unsupported_parameter',
    };
  }
  for (const name of ['temperature', 'top_p']) {
    const value = body[name];
    if (value === undefined || value === null || value === 1) continue;
    yield {
      message: `Unsupported value: '${name}' does not support ${value} with this model. Only the default (1) value is supported.`,
      param: name,
      code: 'unsupported_value',
    };
  }
}

const NAME = /^[a-zA-Z0-9_-]+$/;

function* tools(body: Json): Complaints {
  if (Array.isArray(body.tools) && body.tools.length === 0) {
    yield {
      message:
        "Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array instead.",
      param: 'tools',
    };
  }
  const declared = objectsOf(body.tools);
  for (const [at, tool] of declared.entries()) {
    const own = tool.type === 'custom' ? 'custom' : 'function';
    if (tool.type !== 'function' && tool.type !== 'custom') {
      yield {
        message: `Invalid value: '${tool.type}'. Supported values are: 'function' and 'custom'.`,
        param: `tools[${at}].type`,
      };
    }
    yield* functionName(objectOf(tool[own]).name, `tools[${at}].${own}.name`);
    const { parameters } = objectOf(tool.function);
    if (own === 'function' && parameters !== undefined && objectOf(parameters).type !== 'object') {
      yield {
        message: `Invalid schema for function '${objectOf(tool.function).name}': schema must be a JSON Schema of 'type: "object"', got 'type: "${objectOf(parameters).type ?? 'None'}"'.`,
        param: `tools[${at}].function.parameters`,
        code: 'invalid_function_parameters',
      };
    }
  }
  for (const name of ['tool_choice', 'parallel_tool_calls']) {
    const isHarmless = body[name] === undefined || body[name] === null || body[name] === 'none';
    if (declared.length === 0 && !isHarmless) {
      yield {
        message: `Invalid value for '${name}': '${name}' is only allowed when 'tools' are specified.`,
        param: name,
      };
    }
  }
  const named = objectOf(objectOf(body.tool_choice).function).name;
  if (named !== undefined && !declared.some((tool) => objectOf(tool.function).name === named)) {
    yield {
      message: `Invalid value for 'tool_choice': '${named}' is not a function in 'tools'.`,
      param: 'tool_choice',
    };
  }
}

export function* functionName(name: unknown, param: string): Complaints {
  if (typeof name !== 'string' || name === '')
    yield { message: `Missing required parameter: '${param}'.`, param };
  const text = stringOf(name);
  if (text !== '' && !NAME.test(text)) {
    yield {
      message: `Invalid '${param}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.`,
      param,
      code: 'invalid_value',
    };
  }
  yield* lengthRule(text, 64, param);
}

export function* lengthRule(text: string, max: number, param: string): Complaints {
  if (text.length <= max) return;
  yield {
    message: `Invalid '${param}': string too long. Expected a string with maximum length ${max}, but got a string with length ${text.length} instead.`,
    param,
    code: 'string_above_max_length',
  };
}

const ROLES = ['system', 'assistant', 'user', 'function', 'tool', 'developer'];

const PARTS: Readonly<Record<string, readonly string[]>> = {
  user: ['text', 'image_url', 'input_audio', 'file'],
  assistant: ['text', 'refusal'],
};

function* messageRules(message: Json, at: number): Complaints {
  const role = stringOf(message.role);
  if (!ROLES.includes(role)) {
    yield {
      message: `Invalid value: '${role}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.`,
      param: `messages[${at}].role`,
    };
  }
  const { content } = message;
  const hasCalls = message.tool_calls !== undefined || typeof message.refusal === 'string';
  if ((content === undefined || content === null) && !(role === 'assistant' && hasCalls)) {
    yield {
      message: `Invalid value for 'content': expected a string, got null.`,
      param: `messages.[${at}].content`,
    };
  }
  if (isObject(content)) {
    yield {
      message: `Invalid type for 'messages[${at}].content': expected one of a string or array of objects, but got an object instead.`,
    };
  }
  if (Array.isArray(content) && content.length === 0) {
    yield {
      message: `Invalid 'messages[${at}].content': empty array. Expected an array with minimum length 1, but got an empty array instead.`,
    };
  }
  const allowed = PARTS[role] ?? ['text'];
  for (const [index, part] of objectsOf(content).entries()) {
    const param = `messages[${at}].content[${index}]`;
    if (!allowed.includes(stringOf(part.type))) {
      const supported = allowed.map((name) => `'${name}'`).join(', ');
      yield {
        message: `Invalid value: '${part.type}'. Supported values are: ${supported}.`,
        param: `${param}.type`,
      };
    }
    if (part.type === 'image_url') yield* imageRules(objectOf(part.image_url), param);
  }
  if (message.tool_calls !== undefined) yield* callRules(message.tool_calls, at);
}

function* imageRules({ url }: Json, param: string): Complaints {
  if (/^(?:https?:\/\/|data:image\/\w+;base64,.)/.test(stringOf(url))) return;
  yield {
    message:
      "Invalid image URL: 'image_url.url'. Expected a base64-encoded data URL with an image MIME type (e.g. 'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU=') or a URL.",
    param: `${param}.image_url.url`,
  };
}

function* callRules(calls: unknown, at: number): Complaints {
  if (listOf(calls).length === 0) {
    yield {
      message: `Invalid 'messages[${at}].tool_calls': empty array. Expected an array with minimum length 1, but got an empty array instead.`,
    };
  }
  const seen = new Set<unknown>();
  for (const [index, call] of objectsOf(calls).entries()) {
    const param = `messages[${at}].tool_calls[${index}]`;
    if (stringOf(call.id) === '') yield { message: `Missing required parameter: '${param}.id'.` };
    yield* lengthRule(stringOf(call.id), 40, `${param}.id`);
    if (seen.has(call.id)) yield { message: `Duplicate value for 'tool_call_id' of '${call.id}'` };
    seen.add(call.id);
    const isCustom = call.type === 'custom';
    const called = objectOf(isCustom ? call.custom : call.function);
    yield* functionName(called.name, `${param}.function.name`);
    if (typeof (isCustom ? called.input : called.arguments) !== 'string') {
      yield { message: `Invalid type for '${param}.function.arguments': expected a string.` };
    }
  }
}

/** Every call is answered at once, and every answer has its call. */
function* pairs(messages: readonly Json[]): Complaints {
  let open = new Map<unknown, true>();
  for (const [at, message] of messages.entries()) {
    if (message.role === 'tool') {
      if (!open.delete(message.tool_call_id)) {
        yield {
          message:
            "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
          param: `messages.[${at}].role`,
        };
      }
      continue;
    }
    yield* unanswered(open, at);
    open = new Map(objectsOf(message.tool_calls).map(({ id }) => [id, true]));
  }
  yield* unanswered(open, messages.length);
}

function* unanswered(open: ReadonlyMap<unknown, true>, at: number): Complaints {
  if (open.size === 0) return;
  yield {
    message: `An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: ${[...open.keys()].join(', ')}`,
    param: `messages.[${at}].role`,
  };
}

/** https://api-docs.deepseek.com/guides/thinking_mode */
function* deepseek(messages: readonly Json[], body: Json, model: string): Complaints {
  const own = messages.filter(({ role }) => role === 'assistant');
  if (/deepseek-(?:r1|reasoner)/.test(model) && own.some((message) => 'reasoning_content' in message)) {
    yield {
      message: 'The `reasoning_content` field must not be in the input messages.',
    };
  }
  if (!/deepseek-v4/.test(model) || objectOf(body.thinking).type === 'disabled') return;
  const isForgotten = (message: Json) =>
    listOf(message.tool_calls).length > 0 && typeof message.reasoning_content !== 'string';
  if (own.some(isForgotten)) {
    yield { message: 'The `reasoning_content` in the thinking mode must be passed back to the API.' };
  }
}
