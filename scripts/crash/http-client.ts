// A client of the edges: asks for streams and whole replies, leaves some of them in the middle, and repeats those with an
// idempotency key until it has an answer.

import { Agent, request } from 'node:http';
import type { Random } from '../sim/random.ts';
import type { Site } from './site.ts';

/** Each piece is four tokens to the tokenizer. */
const PIECES = 12;
export const ANSWER_TOKENS = 4 * PIECES;
const PROMPT_TOKENS = 40;
const REPEATS_MAX = 8;
const REPEAT_DELAY_MS = 250;
const ANSWER_MS_MAX = 15_000;

/** What the provider says to everybody. */
export const ANSWER = {
  text: Array.from({ length: PIECES }, () => ' one two three four'),
  usage: { input: PROMPT_TOKENS, output: ANSWER_TOKENS },
  chunkDelayMs: 25,
};

export type Seen = 'complete' | 'denied' | 'left' | 'broken' | 'repeated';

/** What a client saw of one request. */
export interface Exchange {
  readonly seen: Seen;
  /** '' when the answer did not come so far. */
  readonly reservationId: string;
  readonly requestId: string;
  /** Undefined when not even that came. */
  readonly httpStatus: number | undefined;
  /** When the client saw the end, of whatever kind. */
  readonly endedAtMs: number;
  /** Of all attempts under one idempotency key; undefined without one. */
  readonly key: string | undefined;
}

const agent = new Agent({ keepAlive: true, maxSockets: 1_024 });

/** Asks until it is told to stop. */
export async function httpClient(
  site: Pick<Site, 'edgeUrls' | 'keys'>,
  random: Random,
  isOver: () => boolean,
  note: (exchange: Exchange) => void,
): Promise<void> {
  while (!isOver()) {
    const key = random.chance(0.3) ? `key-${random.text()}${random.text()}` : undefined;
    const asked = {
      apiKey: random.pick(site.keys),
      isChat: random.chance(0.5),
      isStream: random.chance(0.7),
      leavesAfter: key === undefined && random.chance(0.25) ? random.whole(1, PIECES) : undefined,
      key,
    };
    for (let attempt = 1; attempt <= REPEATS_MAX; attempt += 1) {
      const exchange = await ask(random.pick(site.edgeUrls), asked);
      note(exchange);
      const isAgain = key !== undefined && (exchange.seen === 'broken' || exchange.seen === 'repeated');
      if (!isAgain || isOver()) break;
      await sleep(REPEAT_DELAY_MS);
    }
    // An edge that is down answers at once.
    await sleep(random.whole(5, 40));
  }
}

/** What a client asks for. */
export interface Asked {
  readonly apiKey: string;
  readonly isChat: boolean;
  readonly isStream: boolean;
  /** So many pieces. */
  readonly leavesAfter: number | undefined;
  readonly key: string | undefined;
}

export function ask(
  edgeUrl: string,
  { apiKey, isChat, isStream, leavesAfter, key }: Asked,
): Promise<Exchange> {
  const path = isChat ? '/v1/chat/completions' : '/v1/messages';
  const body = {
    model: isChat ? 'chat' : 'messages',
    max_tokens: 100,
    stream: isStream,
    messages: [{ role: 'user', content: 'Count to four, twelve times.' }],
  };
  return new Promise((resolve) => {
    let reservationId = '';
    let requestId = '';
    let httpStatus: number | undefined;
    const end = (seen: Seen) => {
      clearTimeout(timer);
      resolve({ seen, reservationId, requestId, httpStatus, key, endedAtMs: Date.now() });
    };
    const headers = {
      authorization: `Bearer ${apiKey}`,
      'content-type': 'application/json',
      ...(key !== undefined && { 'idempotency-key': key }),
    };
    const outgoing = request(`${edgeUrl}${path}`, { method: 'POST', agent, headers });
    const timer = setTimeout(() => outgoing.destroy(new Error('no answer')), ANSWER_MS_MAX);
    outgoing.on('error', () => end('broken'));
    outgoing.on('response', (incoming) => {
      reservationId = String(incoming.headers['x-aiswitch-reservation'] ?? '');
      requestId = String(incoming.headers['x-request-id'] ?? '');
      httpStatus = incoming.statusCode;
      let text = '';
      incoming.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
        if (leavesAfter === undefined || text.split(' four').length <= leavesAfter) return;
        outgoing.destroy();
        end('left');
      });
      incoming.on('error', () => end('broken'));
      incoming.on('close', () => end(seenIn(httpStatus, text, isStream)));
    });
    outgoing.end(JSON.stringify(body));
  });
}

function seenIn(status: number | undefined, text: string, isStream: boolean): Seen {
  if (status === 429) return 'denied';
  if (status === 409) return 'repeated';
  if (status !== 200) return 'broken';
  const isComplete = isStream ? /\[DONE\]|"message_stop"/.test(text) : text.endsWith('}');
  return isComplete ? 'complete' : 'broken';
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
