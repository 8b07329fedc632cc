// What a target's capabilities lack is taken out of a request, or stood in for. Pure data: what a provider can do is a row
// in a table, and here is what follows from each column. Each step gives the request that it was given when it has
// nothing to do, so that an untouched request is known by being the same object.

import { changedList } from '../json/changed-list.ts';
import { bareJson } from './bare-json.ts';
import type { Capabilities } from './capabilities.ts';
import type { Event } from './event.ts';
import { fitTools } from './fit-tools.ts';
import { mediaAsText, systemTurnsAsText } from './parts-as-text.ts';
import type { Part, Request } from './request.ts';
import { tell } from './tell.ts';

export interface FittedRequest {
  readonly request: Request;
  /** What is gone or stood in for, as dotted names. Sorted, without repeats. */
  readonly dropped: readonly string[];
  readonly restore?: () => (event: Event) => readonly Event[];
}

export function fitRequest(request: Request, capabilities: Capabilities): FittedRequest {
  const dropped = new Set<string>();
  let fitted = request;
  for (const step of STEPS) fitted = step(fitted, capabilities, dropped);
  const isToldInWords = fitted.output?.kind !== request.output?.kind;
  return { request: fitted, dropped: [...dropped].sort(), ...(isToldInWords && { restore: bareJson }) };
}

type Step = (request: Request, capabilities: Capabilities, dropped: Set<string>) => Request;

const STEPS: readonly Step[] = [
  mediaAsText,
  fitTools,
  fitReasoning,
  fitSampling,
  fitTemperature,
  fitTokens,
  fitOutput,
  systemTurnsAsText,
  fitCacheControl,
];

function fitReasoning(request: Request, { reasoning }: Capabilities, dropped: Set<string>): Request {
  if (reasoning !== false) return request;
  const isThought = ({ kind }: Part): boolean => kind === 'thinking' || kind === 'redactedThinking';
  const turns = changedList(request.turns, (turn) => {
    if (!turn.parts.some(isThought)) return turn;
    dropped.add('thinking');
    return { ...turn, parts: turn.parts.filter((part) => !isThought(part)) };
  });
  const named = { ...(request.reasoning !== undefined && { reasoning: 'reasoning' }) };
  const rest = without(request, named, dropped);
  return turns === request.turns ? rest : { ...rest, turns };
}

/** Fields of the hub by the name that they are reported under. */
const SAMPLING = {
  temperature: 'temperature',
  topP: 'top_p',
  topK: 'top_k',
  seed: 'seed',
  presencePenalty: 'presence_penalty',
  frequencyPenalty: 'frequency_penalty',
} as const;

function fitSampling(request: Request, { sampling, stop }: Capabilities, dropped: Set<string>): Request {
  const rest = sampling === false ? without(request, SAMPLING, dropped) : request;
  if (stop !== false || rest.stop.length === 0) return rest;
  dropped.add('stop');
  return { ...rest, stop: [] };
}

function fitTemperature(request: Request, { temperatureMax }: Capabilities, dropped: Set<string>): Request {
  if (temperatureMax === undefined || (request.temperature ?? 0) <= temperatureMax) return request;
  dropped.add('temperature');
  return { ...request, temperature: temperatureMax };
}

/** A budget of thoughts is a part of what the answer may have. */
function fitTokens(request: Request, { outputTokensMax }: Capabilities, dropped: Set<string>): Request {
  if (outputTokensMax === undefined) return request;
  let fitted = request;
  if ((request.outputTokensMax ?? 0) > outputTokensMax) {
    dropped.add('max_tokens');
    fitted = { ...fitted, outputTokensMax };
  }
  const { reasoning } = request;
  if (reasoning?.budgetTokens !== undefined && reasoning.budgetTokens >= outputTokensMax) {
    dropped.add('thinking.budget_tokens');
    fitted = { ...fitted, reasoning: { ...reasoning, budgetTokens: Math.max(1, outputTokensMax - 1) } };
  }
  return fitted;
}

function fitOutput(request: Request, capabilities: Capabilities, dropped: Set<string>): Request {
  const { output, ...rest } = request;
  if (output?.kind === 'schema' && capabilities.outputSchema === false) {
    dropped.add('response_format.schema');
    const told = tell(rest, `${SCHEMA_WORDS}\n${JSON.stringify(output.schema)}`);
    return capabilities.jsonMode === true ? { ...told, output: { kind: 'json' } } : told;
  }
  if (output?.kind === 'json' && capabilities.jsonMode === false) {
    dropped.add('response_format');
    return tell(rest, JSON_WORDS);
  }
  return request;
}

const JSON_WORDS = 'Answer with one JSON object and nothing else: no code fence and no words around it.';
const SCHEMA_WORDS = `${JSON_WORDS} It must match this JSON Schema:`;

function fitCacheControl(request: Request, { cacheControl }: Capabilities, dropped: Set<string>): Request {
  if (cacheControl !== false) return request;
  const unmarked = <Marked extends object>(item: Marked): Marked => {
    if (!('cacheControl' in item)) return item;
    dropped.add('cache_control');
    const { cacheControl: _, ...rest } = item;
    return rest as Marked;
  };
  const system = changedList(request.system, unmarked);
  const tools = changedList(request.tools, unmarked);
  const turns = changedList(request.turns, (turn) => {
    const parts = changedList(turn.parts, unmarked);
    return parts === turn.parts ? turn : { ...turn, parts };
  });
  const isSame = system === request.system && tools === request.tools && turns === request.turns;
  return isSame ? request : { ...request, system, tools, turns };
}

/** The same request when it has none of the fields. */
function without(
  request: Request,
  fields: { readonly [Field in keyof Request]?: string },
  dropped: Set<string>,
): Request {
  const found = Object.entries(fields).filter(([field]) => field in request);
  if (found.length === 0) return request;
  for (const [, name] of found) dropped.add(name);
  return Object.fromEntries(
    Object.entries(request).filter(([field]) => !(field in fields)),
  ) as object as Request;
}
