// What a client's request has become by the time it reaches a provider, read alike in all four dialects.

import type { ScriptedDialect, SeenRequest } from '@ai-switch/testkit';

export interface UpstreamRequest {
  readonly seen: SeenRequest;
  readonly dialect: ScriptedDialect;
  readonly isCount: boolean;
  readonly tools: readonly UpstreamTool[];
  /** What came back from tools, each as one text, in order. */
  readonly toolResults: readonly string[];
  /** How often the model was answered with results: which step of a task this is. */
  readonly rounds: number;
  /** The bytes of pictures, in messages and in results of tools. */
  readonly images: readonly Buffer[];
  /** Hidden reasoning that came back: signatures, encrypted content, or the thought itself where that is all there is. */
  readonly reasoning: readonly string[];
  /** The whole body. */
  readonly text: string;
}

export interface UpstreamTool {
  readonly name: string;
  /** It takes free text, not JSON. */
  readonly isCustom: boolean;
}

/** Undefined for a request that is no call of a model, such as a list of models. */
export function readUpstreamRequest(seen: SeenRequest): UpstreamRequest | undefined {
  const [pathname = ''] = seen.path.split('?');
  const found = PATHS.find(([pattern]) => pattern.test(pathname));
  if (seen.method !== 'POST' || found === undefined) return undefined;
  const [, dialect] = found;
  const text = seen.body.toString();
  const body = JSON.parse(text) as Json;
  const isCount = /count_tokens$|:countTokens$|input_tokens$/.test(pathname);
  const inner = isObject(body.generateContentRequest) ? body.generateContentRequest : body;
  return { seen, dialect, isCount, text, images: imagesIn(body), ...READERS[dialect](inner) };
}

const PATHS: readonly (readonly [RegExp, ScriptedDialect])[] = [
  [/\/chat\/completions$/, 'openai-chat'],
  [/\/responses(?:\/input_tokens)?$/, 'openai-responses'],
  [/\/messages(?:\/count_tokens)?$/, 'anthropic-messages'],
  [/:(?:streamGenerateContent|generateContent|countTokens)$/, 'gemini'],
];

type Reading = Pick<UpstreamRequest, 'tools' | 'toolResults' | 'rounds' | 'reasoning'>;

const READERS: Readonly<Record<ScriptedDialect, (body: Json) => Reading>> = {
  'openai-chat': (body) => {
    const messages = objectsIn(body.messages);
    const results = messages.filter(({ role }) => role === 'tool');
    return {
      tools: objectsIn(body.tools).map((tool) =>
        toolOf(tool.type === 'custom' ? tool.custom : tool.function, tool.type === 'custom'),
      ),
      toolResults: results.map(({ content }) => textIn(content)),
      rounds: messages.filter(({ tool_calls: calls }) => objectsIn(calls).length > 0).length,
      reasoning: messages.flatMap(({ reasoning_content: words }) => nonEmpty(words)),
    };
  },
  'openai-responses': (body) => {
    const items = objectsIn(body.input);
    const isCall = ({ type }: Json) => /^(?:function|custom_tool|tool_search)_call$/.test(String(type));
    const declared = [...objectsIn(body.tools), ...items.flatMap((item) => objectsIn(item.tools))];
    return {
      tools: declared.flatMap((tool) => responsesTools(tool)),
      toolResults: items
        .filter(({ type }) => /_output$/.test(String(type)))
        .map(({ output, tools }) => textIn(output ?? tools)),
      rounds: items.filter((item, at) => isCall(item) && !isCall(items[at - 1] ?? {})).length,
      reasoning: items
        .filter(({ type }) => type === 'reasoning')
        .flatMap((item) => nonEmpty(item.encrypted_content)),
    };
  },
  'anthropic-messages': (body) => {
    const messages = objectsIn(body.messages);
    const blocks = messages.flatMap(({ content }) => objectsIn(content));
    return {
      tools: objectsIn(body.tools).map((tool) => toolOf(tool, false)),
      toolResults: blocks.filter(({ type }) => type === 'tool_result').map(({ content }) => textIn(content)),
      rounds: messages.filter(({ content }) => objectsIn(content).some(({ type }) => type === 'tool_use'))
        .length,
      reasoning: blocks.flatMap(({ type, signature, data }) =>
        type === 'thinking' ? nonEmpty(signature) : type === 'redacted_thinking' ? nonEmpty(data) : [],
      ),
    };
  },
  gemini: (body) => {
    const contents = objectsIn(body.contents);
    const parts = contents.flatMap((content) => objectsIn(content.parts));
    return {
      tools: objectsIn(body.tools)
        .flatMap((tool) => objectsIn(tool.functionDeclarations))
        .map((tool) => toolOf(tool, false)),
      toolResults: parts
        .filter(({ functionResponse }) => functionResponse !== undefined)
        .map(({ functionResponse }) => textIn((functionResponse as Json).response)),
      rounds: contents.filter(({ parts: own }) =>
        objectsIn(own).some(({ functionCall }) => functionCall !== undefined),
      ).length,
      reasoning: parts.flatMap(({ thoughtSignature }) => nonEmpty(thoughtSignature)),
    };
  },
};

function toolOf(tool: unknown, isCustom: boolean): UpstreamTool {
  return { name: isObject(tool) ? String(tool.name ?? tool.type) : '', isCustom };
}

/** Namespaces hold tools of their own. */
function responsesTools(tool: Json): readonly UpstreamTool[] {
  if (tool.type === 'namespace') return objectsIn(tool.tools).flatMap((inner) => responsesTools(inner));
  return [toolOf(tool, tool.type === 'custom')];
}

/** Every dialect has pictures as base64: as a data URL, or as a field beside its type. */
function imagesIn(value: unknown): readonly Buffer[] {
  if (Array.isArray(value)) return value.flatMap(imagesIn);
  if (typeof value === 'string') {
    const [, base64] = /^data:image\/[\w+.-]+;base64,(.+)$/s.exec(value) ?? [];
    return base64 === undefined ? [] : [Buffer.from(base64, 'base64')];
  }
  if (!isObject(value)) return [];
  const type = value.media_type ?? value.mimeType;
  if (typeof type === 'string' && type.startsWith('image/') && typeof value.data === 'string') {
    return [Buffer.from(value.data, 'base64')];
  }
  return Object.values(value).flatMap(imagesIn);
}

/** All texts below a value, as a model would read them. */
function textIn(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(textIn).join('\n');
  return isObject(value) ? Object.values(value).map(textIn).join('\n') : '';
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectsIn(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function nonEmpty(value: unknown): readonly string[] {
  return typeof value === 'string' && value !== '' ? [value] : [];
}
