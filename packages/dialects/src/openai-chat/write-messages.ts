// https://platform.openai.com/docs/api-reference/chat/create#chat-create-messages
// Text alone is written as one string: several back ends answer lists with "invalid type: sequence, expected a string".

import type { JsonObject } from '../json/value.ts';
import { isBillingHeader } from '../model/billing-header.ts';
import { arrangeToolResults } from '../model/call-legality.ts';
import { digest } from '../model/digest.ts';
import type {
  DocumentPart,
  ForeignPart,
  ImagePart,
  MediaSource,
  Part,
  Request,
  TextPart,
  ToolCallPart,
  ToolResultPart,
  Turn,
} from '../model/request.ts';
import { foreignWords } from '../model/tool-reference.ts';
import { thinkingReplay } from './model-family.ts';
import type { WireMessage, WireToolCall } from './wire.ts';

export interface MessagesWriter {
  readonly model: string;
  readonly dropped: Set<string>;
  /** Qwen takes Anthropic's marks of what to cache. */
  readonly isCacheMarked: boolean;
}

export function writeMessages(request: Request, target: MessagesWriter): WireMessage[] {
  const messages: WireMessage[] = [];
  const system = request.system.filter((part) => !isBillingHeader(part, target.dropped));
  if (system.length > 0) messages.push({ role: 'system', content: writeTexts(system, target) });
  arrangeToolResults(request.turns).forEach((turn, at) => {
    const writer: TurnWriter = { ...target, field: `messages.${at}` };
    if (turn.role === 'assistant') messages.push(writeAssistant(turn, writer));
    else if (turn.role === 'system') messages.push(...writeSystem(turn, writer));
    else messages.push(...writeUser(turn, writer));
  });
  // A list of no message is no request; what had nothing but an empty system message is one with that.
  return messages.length > 0 ? messages : [{ role: 'system', content: '' }];
}

interface TurnWriter extends MessagesWriter {
  readonly field: string;
}

/** Nothing for a turn that only sets something in its own dialect. */
function writeSystem(turn: Turn, writer: TurnWriter): readonly WireMessage[] {
  const texts = textsOf(turn.parts, writer);
  return texts.length === 0 ? [] : [{ role: 'system', content: writeTexts(texts, writer) }];
}

function writeAssistant(turn: Turn, writer: TurnWriter): WireMessage {
  const calls: JsonObject[] = [];
  const thinking: string[] = [];
  const texts: TextPart[] = [];
  for (const part of turn.parts) {
    if (part.kind === 'text') texts.push(part);
    else if (part.kind === 'toolCall') calls.push(writeCall(part));
    else if (part.kind === 'thinking') {
      thinking.push(part.text);
      if (part.signature !== undefined) writer.dropped.add('thinking.signature');
    } else if (part.kind === 'redactedThinking') writer.dropped.add('redacted_thinking');
    else if (part.kind === 'foreign' && part.dialect === 'openai-chat') calls.push(part.value);
    else writer.dropped.add(`${writer.field}.${part.kind === 'foreign' ? part.type : part.kind}`);
  }
  const isEmpty = texts.every((part) => part.text === '');
  return {
    role: 'assistant',
    // Templates of Qwen and others refuse null beside thinking alone.
    content: isEmpty && calls.length > 0 ? null : writeTexts(texts, writer),
    ...writeThinking(thinking, writer),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}

function writeThinking(thinking: readonly string[], writer: TurnWriter): { reasoning_content?: string } {
  const replay = thinkingReplay(writer.model);
  if (replay === 'omitted') {
    if (thinking.length > 0) writer.dropped.add('thinking');
    return {};
  }
  const text = thinking.join('\n\n');
  return text !== '' || replay === 'always' ? { reasoning_content: text } : {};
}

function writeCall(call: ToolCallPart): WireToolCall {
  const text = call.argumentsText === '' ? '{}' : call.argumentsText;
  return { id: callId(call.id), type: 'function', function: { name: call.name, arguments: text } };
}

function writeUser(turn: Turn, writer: TurnWriter): readonly WireMessage[] {
  const results = turn.parts.filter((part) => part.kind === 'toolResult');
  const said = turn.parts.filter((part) => part.kind !== 'toolResult');
  const messages: WireMessage[] = [];
  const attached: (ImagePart | DocumentPart)[] = [];
  for (const result of results) messages.push(writeResult(result, attached, writer));
  const parts = [...attached, ...said];
  if (parts.length > 0 || results.length === 0) {
    messages.push({ role: 'user', content: writeContent(parts, writer) });
  }
  return messages;
}

/** A tool's message holds text only; images and documents follow in a user's message, in order. */
function writeResult(
  result: ToolResultPart,
  attached: (ImagePart | DocumentPart)[],
  writer: TurnWriter,
): WireMessage {
  const mark = markOf(result, writer);
  const texts = result.parts.flatMap((part): string[] => {
    if (part.kind === 'text') return [part.text];
    if (part.kind === 'foreign') return foreignText(part, writer);
    attached.push(part);
    return [part.kind === 'image' ? '[image attached below]' : '[document attached below]'];
  });
  const joined = texts.join('\n');
  const text = result.isError && !/^error\b/i.test(joined) ? `Error: ${joined}` : joined;
  return {
    role: 'tool',
    tool_call_id: callId(result.callId),
    content: 'cache_control' in mark ? [{ type: 'text', text, ...mark }] : text,
  };
}

function writeContent(parts: readonly Part[], writer: TurnWriter): WireMessage['content'] {
  const written = parts.flatMap((part) => writePart(part, writer));
  if (written.some((part) => part.type !== 'text' || 'cache_control' in part)) return written;
  return written
    .map((part) => part.text)
    .filter((text) => text !== '')
    .join('\n\n');
}

function writePart(part: Part, writer: TurnWriter): readonly JsonObject[] {
  const mark = 'cacheControl' in part ? markOf(part, writer) : {};
  switch (part.kind) {
    case 'text':
      return [{ type: 'text', text: part.text, ...mark }];
    case 'image': {
      const url = urlOf(part.source);
      if (url === undefined)
        return lost('image', '[An image was attached that cannot be shown here.]', writer);
      const detail = part.detail === undefined ? {} : { detail: part.detail };
      return [{ type: 'image_url', image_url: { url, ...detail }, ...mark }];
    }
    case 'document':
      return writeDocument(part, writer);
    case 'foreign':
      if (part.dialect === 'openai-chat') return [part.value];
      return foreignText(part, writer).map((text) => ({ type: 'text', text }));
    default:
      return lost(part.kind, '', writer);
  }
}

function writeDocument(part: DocumentPart, writer: TurnWriter): readonly JsonObject[] {
  const { source, title } = part;
  if (source.kind === 'text') {
    const text = title === undefined ? source.text : `${title}\n\n${source.text}`;
    return [{ type: 'text', text }];
  }
  if (source.kind === 'file') {
    // What was stored with Anthropic is nothing to another provider.
    if (!source.fileId.startsWith('file_')) return [{ type: 'file', file: { file_id: source.fileId } }];
    return lost('document', '[A document was attached that cannot be shown here.]', writer);
  }
  if (source.kind === 'url') return lost('document', `[A document is at ${source.url}]`, writer);
  const data = `data:${source.mediaType};base64,${source.data}`;
  return [{ type: 'file', file: { filename: title ?? 'document.pdf', file_data: data } }];
}

function urlOf(source: MediaSource): string | undefined {
  if (source.kind === 'url') return source.url;
  return source.kind === 'base64' ? `data:${source.mediaType};base64,${source.data}` : undefined;
}

function foreignText(part: ForeignPart, writer: TurnWriter): string[] {
  const words = foreignWords(part);
  if (words !== undefined) return [words];
  writer.dropped.add(`${writer.field}.${part.type}`);
  return [];
}

function lost(name: string, text: string, writer: TurnWriter): readonly JsonObject[] {
  writer.dropped.add(`${writer.field}.${name}`);
  return text === '' ? [] : [{ type: 'text', text }];
}

function textsOf(parts: readonly Part[], writer: TurnWriter): readonly TextPart[] {
  return parts.flatMap((part): TextPart[] => {
    if (part.kind === 'text') return [part];
    writer.dropped.add(`${writer.field}.${part.kind === 'foreign' ? part.type : part.kind}`);
    return [];
  });
}

/** One string, unless a mark stands on one of the texts. */
function writeTexts(parts: readonly TextPart[], writer: MessagesWriter): WireMessage['content'] {
  const marks = parts.map((part) => markOf(part, writer));
  if (marks.some((mark) => 'cache_control' in mark)) {
    return parts.map((part, at) => ({ type: 'text', text: part.text, ...marks[at] }));
  }
  return parts.map((part) => part.text).join('\n\n');
}

function markOf(
  { cacheControl }: { readonly cacheControl?: JsonObject },
  writer: MessagesWriter,
): JsonObject {
  if (cacheControl === undefined) return {};
  if (writer.isCacheMarked) return { cache_control: cacheControl };
  writer.dropped.add('cache_control');
  return {};
}

const CALL_ID_CHARACTERS_MAX = 40;

/** OpenAI: "Invalid 'messages[1].tool_calls[0].id': string too long. Expected a string with maximum length 40". */
function callId(id: string): string {
  return id.length <= CALL_ID_CHARACTERS_MAX ? id : `call_${digest(id)}`;
}
