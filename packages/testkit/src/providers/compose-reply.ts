// From a script and the request that it answers to the bytes of the reply.

import { createHash } from 'node:crypto';
import type { Script, SeenRequest } from '../scripted-provider.ts';
import { anthropicMessages } from './anthropic-messages.ts';
import { type AuxiliaryCall, auxiliaryCall } from './auxiliary.ts';
import { gemini } from './gemini.ts';
import { type Json, objectOf, stringOf } from './json.ts';
import { openaiChat } from './openai-chat.ts';
import { openaiResponses } from './openai-responses.ts';
import { type Complaints, type Problem, type ProblemName, problemOfStatus, type Refusal } from './problem.ts';
import type { Asked, ScriptedDialect, ScriptedFrame, Wire } from './wire.ts';

export interface ComposedReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string;
  readonly chunks: readonly Buffer[];
  /** How many chunks are sent before the socket is destroyed. */
  readonly cutAfter: number | undefined;
  /** How many chunks are sent before nothing more is said. */
  readonly hangAfter: number | undefined;
  readonly refusal: string | undefined;
}

export interface ProviderTraits {
  readonly isStrict: boolean;
  readonly models: readonly string[];
}

export function composeReply(script: Script, seen: SeenRequest, traits: ProviderTraits): ComposedReply {
  const call = callOf(seen, traits.models);
  const isTold = script.body !== undefined || script.status !== undefined || script.problem !== undefined;
  if (call === undefined && !isTold) return whole(404, { error: { message: `Invalid URL (${seen.path})` } });
  const refusal = traits.isStrict && call !== undefined ? refusalOf(call, seen) : undefined;
  if (refusal !== undefined && script.status === undefined && script.problem === undefined) {
    const { status = 400, message, code, param } = refusal;
    const body = call?.wire.errorBody({ name: problemOfStatus(status), status, message, code, param }) ?? {};
    return { ...whole(status, body), refusal: message };
  }
  const composed = answered(script, call);
  return refusal === undefined ? composed : { ...composed, refusal: refusal.message };
}

const WIRES: Readonly<Record<ScriptedDialect, Wire>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'anthropic-messages': anthropicMessages,
  gemini,
};

interface Call {
  readonly wire: Wire;
  readonly asked: Asked;
  readonly auxiliary: AuxiliaryCall | undefined;
}

/** What is asked for, by the address; undefined for one that no provider has. */
function callOf(seen: SeenRequest, models: readonly string[]): Call | undefined {
  const { pathname, searchParams } = new URL(seen.path, 'http://provider');
  const body = parse(seen.body);
  const mark = createHash('sha256').update(seen.body).digest('hex').slice(0, 16);
  const asked = { model: stringOf(body.model), isStreaming: body.stream === true, isSse: true, body, mark };
  const { method, headers } = seen;
  const auxiliary = auxiliaryCall({ method, pathname, headers, body, models });
  if (auxiliary !== undefined) return { wire: WIRES[auxiliary.dialect], asked, auxiliary };
  const [, model, action] = /\/models\/([^/]+):(\w+)$/.exec(pathname) ?? [];
  if (model !== undefined) {
    const isStreaming = action === 'streamGenerateContent';
    const isSse = searchParams.get('alt') === 'sse';
    const name = decodeURIComponent(model);
    return { wire: gemini, asked: { ...asked, model: name, isStreaming, isSse }, auxiliary };
  }
  const [, end = ''] = /\/(chat\/completions|responses|messages)$/.exec(pathname) ?? [];
  const dialect = GENERATING[end];
  return dialect && { wire: WIRES[dialect], asked, auxiliary };
}

const GENERATING: Readonly<Record<string, ScriptedDialect>> = {
  'chat/completions': 'openai-chat',
  responses: 'openai-responses',
  messages: 'anthropic-messages',
};

function parse(body: Buffer): Json {
  try {
    return objectOf(JSON.parse(body.toString()));
  } catch {
    return {};
  }
}

function refusalOf({ wire, asked, auxiliary }: Call, { method }: SeenRequest): Refusal | undefined {
  return method === 'POST' ? first(auxiliary?.complaints() ?? wire.complaints(asked)) : undefined;
}

function first(complaints: Complaints): Refusal | undefined {
  for (const complaint of complaints) return complaint;
  return undefined;
}

function answered(script: Script, call: Call | undefined): ComposedReply {
  const { wire, asked, auxiliary } = call ?? { wire: openaiChat, asked: NOBODY, auxiliary: undefined };
  const isWhole = script.body !== undefined || auxiliary !== undefined;
  const problem = problemOf(script, wire);
  if (script.body !== undefined) {
    const chunks = split([Buffer.from(script.body)], script.chunkBytes);
    const headers = problem === undefined ? {} : wire.errorHeaders(problem);
    const form = { ...whole(problem?.status ?? script.status ?? 200, {}), headers, chunks };
    const cutAfter = script.cutAfterFrames;
    return {
      ...form,
      ...(script.contentType && { contentType: script.contentType }),
      cutAfter,
      ...hangOf(script),
    };
  }
  if (problem !== undefined) {
    return { ...whole(problem.status, wire.errorBody(problem), script), headers: wire.errorHeaders(problem) };
  }
  const form = script.form ?? (asked.isStreaming ? 'stream' : 'whole');
  if (isWhole || form === 'whole') {
    return whole(script.status ?? 200, auxiliary?.answer() ?? wire.whole(script, asked), script);
  }
  return stream(script, wire, asked.isStreaming ? asked : { ...asked, isSse: true });
}

const NOBODY: Asked = { model: '', isStreaming: false, isSse: true, body: {}, mark: '' };

/** Undefined when nothing goes wrong. */
function problemOf(script: Script, wire: Wire): Problem | undefined {
  const { problem, status, retryAfterS } = script;
  if (problem !== undefined) {
    const known = wire.problems[problem];
    return { name: problem, status: status ?? known.status, message: known.message, retryAfterS };
  }
  if (status === undefined || status < 300) return undefined;
  const name: ProblemName = problemOfStatus(status);
  return { name, status, message: `scripted ${status}`, retryAfterS };
}

function whole(status: number, body: object, script: Script = {}): ComposedReply {
  return {
    status,
    headers: {},
    contentType: script.contentType ?? 'application/json',
    chunks: split([Buffer.from(JSON.stringify(body))], script.chunkBytes),
    cutAfter: script.cutAfterFrames,
    ...hangOf(script),
    refusal: undefined,
  };
}

function hangOf({ hang }: Script): { readonly hangAfter: number | undefined } {
  return { hangAfter: typeof hang === 'number' ? hang : undefined };
}

function stream(script: Script, wire: Wire, asked: Asked): ComposedReply {
  const sent = wire.frames(script, asked);
  const errorAt = script.errorAtFrame ?? behindPieces(sent, script.errorAfterPieces);
  const error = { text: wire.errorFrame(asked), isPiece: false };
  const frames = errorAt === undefined ? sent : [...sent.slice(0, errorAt), error];
  const { eachFrame = (frame) => frame } = script;
  const chunks = frames.map(({ text }) => Buffer.from(eachFrame(text)));
  return {
    status: script.status ?? 200,
    headers: {},
    contentType:
      script.contentType ?? (asked.isSse ? 'text/event-stream; charset=utf-8' : 'application/json'),
    chunks: split(chunks, script.chunkBytes),
    cutAfter: script.cutAfterFrames ?? behindPieces(frames, script.cutAfterPieces),
    hangAfter: hangOf(script).hangAfter ?? behindPieces(frames, script.hangAfterPieces),
    refusal: undefined,
  };
}

/** How many frames there are up to the piece of this number. */
function behindPieces(frames: readonly ScriptedFrame[], pieces: number | undefined): number | undefined {
  if (pieces === undefined) return undefined;
  const places = frames.flatMap(({ isPiece }, at) => (isPiece ? [at + 1] : []));
  return pieces === 0 ? (places[0] ?? 1) - 1 : (places[pieces - 1] ?? frames.length);
}

function split(chunks: readonly Buffer[], chunkBytes: number | undefined): readonly Buffer[] {
  if (chunkBytes === undefined) return chunks;
  const joined = Buffer.concat(chunks);
  const pieces: Buffer[] = [];
  for (let start = 0; start < joined.length; start += chunkBytes) {
    pieces.push(joined.subarray(start, start + chunkBytes));
  }
  return pieces;
}
