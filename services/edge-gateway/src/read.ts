import type { Caller } from '@ai-switch/contracts';
import type { Dialect, JsonObject, Request } from '@ai-switch/dialects';
import { openaiChat, openaiResponses } from '@ai-switch/dialects';
import { affinityKeyOf } from './affinity.ts';
import type { EdgeParts } from './edge-parts.ts';
import { estimateInputTokens } from './estimate.ts';
import type { Exchange } from './exchange.ts';
import { itemKeeper, withItems } from './item-store.ts';
import { readBody, type SentBody } from './read-body.ts';

/** What the client asks for, with the bytes it asked in. */
export interface Asked extends SentBody {
  readonly request: Request;
  /** What the body is written in, which may be another dialect than the answer's. */
  readonly dialect: Dialect;
  readonly inputTokensEstimate: number;
  /** The request is no longer what stands in `bytes`. */
  readonly isRewritten: boolean;
  /** What the client asked for, where the maximum of the answer is ours: it named none, or more than may be held. */
  readonly unbounded: Asked | undefined;
}

/** @throws InvalidRequest that names the field; Fault `tooLarge` */
export async function read(edge: EdgeParts, exchange: Exchange, caller: Caller): Promise<Asked> {
  const { bytes, body: parsed, scan } = await readBody(edge, exchange);
  const dialect = dialectOfBody(exchange.dialect, parsed);
  const body = dialect === openaiResponses ? withItems(edge.items, caller.userId, parsed) : parsed;
  if (exchange.dialect === openaiResponses) exchange.onOutput = itemKeeper(edge.items, caller.userId, parsed);
  const sent = dialect.readRequest(body, exchange.address);
  exchange.record.alias = sent.model;
  exchange.record.streaming = sent.isStreaming;
  exchange.affinityKey = affinityKeyOf(exchange.incoming.headers, sent);
  exchange.recorder = edge.reasoning.recorder(exchange.dialect.name, caller.userId, sent);
  const request = edge.reasoning.recall(exchange.dialect.name, caller.userId, sent);
  const inputTokensEstimate = estimateInputTokens(request, scan);
  return {
    request,
    dialect,
    bytes,
    body,
    scan,
    inputTokensEstimate,
    isRewritten: request !== sent || body !== parsed,
    unbounded: undefined,
  };
}

/**
 * Cursor posts bodies of Responses to the address of Chat Completions and reads chat chunks:
 * https://forum.cursor.com/t/159298
 */
function dialectOfBody(dialect: Dialect, body: JsonObject): Dialect {
  const isOfResponses = dialect === openaiChat && body.input !== undefined && body.messages === undefined;
  return isOfResponses ? openaiResponses : dialect;
}

/** The same without any thought of a model: for a provider that knows one of them not to be its own. */
export function withoutThoughts(asked: Asked): Asked {
  const turns = asked.request.turns.map((turn) => ({
    ...turn,
    parts: turn.parts.filter(({ kind }) => kind !== 'thinking' && kind !== 'redactedThinking'),
  }));
  return { ...asked, request: { ...asked.request, turns }, isRewritten: true };
}

export function hasThoughts({ request }: Asked): boolean {
  return request.turns.some(({ parts }) =>
    parts.some(({ kind }) => kind === 'thinking' || kind === 'redactedThinking'),
  );
}
