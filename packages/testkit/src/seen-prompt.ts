// What a request asks of the model, whatever the dialect: enough for a script that answers by it.

import { isObject, type Json, objectOf, objectsOf, stringOf } from './providers/json.ts';
import type { SeenRequest } from './scripted-provider.ts';

export interface SeenPrompt {
  /** The tools that the model may call; those in namespaces and those brought by the conversation, too. */
  readonly tools: readonly SeenTool[];
  /** Names of the tools that were called so far, in order. */
  readonly called: readonly string[];
  /** What the tools answered so far, as text. */
  readonly results: readonly string[];
  /** The tool that must be called; undefined when the model is free. */
  readonly forcedTool: string | undefined;
  /** The answer has to be JSON by this schema; {} for any JSON; undefined for words. */
  readonly outputSchema: Json | undefined;
  /** The whole conversation as JSON text. */
  readonly text: string;
}

export interface SeenTool {
  readonly name: string;
  /** Takes free text in place of arguments. */
  readonly isCustom: boolean;
  /** Of its arguments. */
  readonly schema: Json;
}

export function readPrompt({ path, body }: SeenRequest): SeenPrompt {
  const asked = parse(body);
  const text = JSON.stringify(asked.messages ?? asked.input ?? asked.contents ?? []);
  const { pathname } = new URL(path, 'http://provider');
  if (/\/models\/[^/]+:/.test(pathname)) return { ...geminiPrompt(asked), text };
  if (pathname.endsWith('/messages')) return { ...messagesPrompt(asked), text };
  return { ...(pathname.endsWith('/responses') ? responsesPrompt(asked) : chatPrompt(asked)), text };
}

type Prompt = Omit<SeenPrompt, 'text'>;

function parse(body: Buffer): Json {
  try {
    return objectOf(JSON.parse(body.toString()));
  } catch {
    return {};
  }
}

function chatPrompt(asked: Json): Prompt {
  const messages = objectsOf(asked.messages);
  const calls = messages.flatMap((message) => objectsOf(message.tool_calls));
  const format = objectOf(asked.response_format);
  const tools = objectsOf(asked.tools).map((tool) => {
    const isCustom = tool.type === 'custom';
    const { name, parameters } = objectOf(isCustom ? tool.custom : tool.function);
    return { name: stringOf(name), isCustom, schema: objectOf(parameters) };
  });
  return {
    tools,
    called: calls.map((call) => stringOf(objectOf(call.function ?? call.custom).name)),
    results: messages.filter(({ role }) => role === 'tool').map(({ content }) => textIn(content)),
    forcedTool: forcedOf(asked.tool_choice, objectOf(asked.tool_choice).function, tools),
    outputSchema: schemaOf(format.type, objectOf(format.json_schema).schema),
  };
}

function responsesPrompt(asked: Json): Prompt {
  const items = Array.isArray(asked.input) ? objectsOf(asked.input) : [];
  const declared = [asked.tools, ...items.map(({ tools }) => tools)].flatMap(objectsOf);
  const tools = declared
    .flatMap((tool) => (tool.type === 'namespace' ? objectsOf(tool.tools) : [tool]))
    .map(({ name, type, parameters }) => ({
      name: stringOf(name ?? type),
      isCustom: type === 'custom',
      schema: objectOf(parameters),
    }));
  const format = objectOf(objectOf(asked.text).format);
  return {
    tools,
    called: items
      .filter(({ type }) => /_call$/.test(stringOf(type)))
      .map(({ name, type }) => stringOf(name ?? type)),
    results: items.filter(({ type }) => /_output$/.test(stringOf(type))).map(({ output }) => textIn(output)),
    forcedTool: forcedOf(asked.tool_choice, asked.tool_choice, tools),
    outputSchema: schemaOf(format.type, format.schema),
  };
}

function messagesPrompt(asked: Json): Prompt {
  const blocks = objectsOf(asked.messages).flatMap(({ content }) => objectsOf(content));
  const choice = objectOf(asked.tool_choice);
  const format = objectOf(objectOf(asked.output_config).format);
  const tools = objectsOf(asked.tools).map(({ name, input_schema: schema }) => ({
    name: stringOf(name),
    isCustom: false,
    schema: objectOf(schema),
  }));
  return {
    tools,
    called: blocks.filter(({ type }) => type === 'tool_use').map(({ name }) => stringOf(name)),
    results: blocks.filter(({ type }) => type === 'tool_result').map(({ content }) => textIn(content)),
    forcedTool: forcedOf(choice.type, choice, tools),
    outputSchema: schemaOf(format.type, format.schema),
  };
}

function geminiPrompt(asked: Json): Prompt {
  const parts = objectsOf(asked.contents).flatMap(({ parts }) => objectsOf(parts));
  const calling = objectOf(objectOf(asked.toolConfig).functionCallingConfig);
  const config = objectOf(asked.generationConfig);
  const [allowed] = Array.isArray(calling.allowedFunctionNames) ? calling.allowedFunctionNames : [];
  const isJson = config.responseMimeType === 'application/json';
  const tools = objectsOf(asked.tools)
    .flatMap(({ functionDeclarations }) => objectsOf(functionDeclarations))
    .map(({ name, parametersJsonSchema, parameters }) => ({
      name: stringOf(name),
      isCustom: false,
      schema: objectOf(parametersJsonSchema ?? parameters),
    }));
  return {
    tools,
    called: parts.flatMap(({ functionCall: call }) => (isObject(call) ? [stringOf(call.name)] : [])),
    results: parts.flatMap(({ functionResponse: response }) =>
      isObject(response) ? [textIn(response.response)] : [],
    ),
    forcedTool: calling.mode === 'ANY' ? forcedOf('any', { name: allowed }, tools) : undefined,
    outputSchema: isJson ? objectOf(config.responseJsonSchema ?? config.responseSchema) : undefined,
  };
}

/** The one that is named; where any has to be called, the first. */
function forcedOf(choice: unknown, named: unknown, tools: readonly SeenTool[]): string | undefined {
  const { name } = objectOf(named);
  if (typeof name === 'string') return name;
  return choice === 'required' || choice === 'any' ? tools[0]?.name : undefined;
}

function schemaOf(type: unknown, schema: unknown): Json | undefined {
  if (type === 'json_object') return {};
  return type === 'json_schema' ? objectOf(schema) : undefined;
}

function textIn(content: unknown): string {
  if (typeof content === 'string') return content;
  const texts = objectsOf(content).flatMap(({ text }) => (typeof text === 'string' ? [text] : []));
  return texts.length > 0 ? texts.join('\n') : JSON.stringify(content ?? '');
}
