// A provider that says more than it was asked for: the hold grows while the quota lasts, and then the answer ends as one
// that reached its maximum.

import { Bucket, Limits, PeriodKind, Tier } from '@ai-switch/contracts';
import { type DialectName, dialects, parseFrame, SseSplitter } from '@ai-switch/dialects';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, test } from 'vitest';
import { ask, CHAT, type Gateway, GEMINI, MESSAGES, PAIRS, RESPONSES, until, useGateway } from './gateway.ts';
import { textIn } from './wire.ts';

let gateway: Gateway;
useGateway((opened) => {
  gateway = opened;
});

const ASKED_MAX = 100;
/** About 12 tokens each. */
const PIECES = Array.from({ length: 120 }, (_, at) => `Line ${at} of a ledger that is exact to the token.\n`);
const TOKENS = countTokens(PIECES.join(''));

const MAXIMUM: Readonly<Record<string, object>> = {
  [CHAT]: { max_tokens: ASKED_MAX, stream_options: { include_usage: true } },
  [RESPONSES]: { max_output_tokens: ASKED_MAX },
  [MESSAGES]: { max_tokens: ASKED_MAX },
  [GEMINI]: { generationConfig: { maxOutputTokens: ASKED_MAX } },
};
const DIALECTS: Readonly<Record<string, DialectName>> = {
  [CHAT]: 'openai-chat',
  [RESPONSES]: 'openai-responses',
  [MESSAGES]: 'anthropic-messages',
  [GEMINI]: 'gemini',
};

describe.each(PAIRS)('an answer at $path from a provider of $alias', ({ path, alias }) => {
  test('ends as one that reached its maximum when the quota is used up, and what was delivered is charged', async () => {
    await leave(ASKED_MAX + 200);
    const { raw, reservation } = await answered();
    const events = eventsOf(path, raw);
    expect(events.at(-1)).toEqual({ type: 'finish', reason: 'length' });
    const [seen] = gateway.provider.requests;
    await until(() => seen?.abortedAtMs !== undefined, 'the provider was not stopped');

    expect(reservation).toMatchObject({ outcome: 'quotaCut', isEstimated: true, extensions: 1 });
    const said = countTokens(textIn(raw));
    const charged = Number(reservation.charged?.output);
    expect(Math.abs(charged - said)).toBeLessThanOrEqual(said / 100);
    expect(charged).toBeGreaterThanOrEqual(ASKED_MAX);
    // What came while the ledger was asked.
    expect(charged).toBeLessThan(ASKED_MAX + 150);
    const usage = events.findLast((event) => event.type === 'usage')?.usage;
    expect(usage?.output).toBeGreaterThan(0);
  });

  test('goes on to its end while the quota lasts', async () => {
    await leave(TOKENS + 1_000);
    const { raw, reservation } = await answered();
    expect(textIn(raw)).toBe(PIECES.join(''));
    expect(eventsOf(path, raw).at(-1)).toEqual({ type: 'finish', reason: 'stop' });
    expect(reservation).toMatchObject({ outcome: 'completed', isEstimated: false });
    expect(reservation.extensions).toBeGreaterThan(1);
    expect(reservation.charged?.output).toBe(BigInt(TOKENS));
  });

  async function answered() {
    const usage = { input: 11, output: TOKENS };
    gateway.provider.script({ text: PIECES, usage, chunkDelayMs: 1 });
    const response = await gateway.post(path, ask(path, alias, { stream: true, ...MAXIMUM[path] }));
    expect(response.status).toBe(200);
    const raw = await response.text();
    await gateway.settled();
    const reservation = await gateway.reservation(response.headers.get('x-aiswitch-reservation') ?? '');
    return { raw, reservation };
  }
});

/** Leaves the user so many output tokens. */
async function leave(tokens: number): Promise<void> {
  const { tenant, userId, ports, balance } = gateway;
  const output = (await balance()).used.output + BigInt(tokens);
  await ports.quotaLedger.putBucket({
    bucket: Bucket.create({
      tenant,
      tier: Tier.PERSONAL,
      scope: `user:${userId}`,
      limits: Limits.create({ output }),
      periodKind: PeriodKind.MONTH,
    }),
  });
}

function eventsOf(path: string, raw: string) {
  const reader = dialects[DIALECTS[path] ?? 'openai-chat'].streamReader();
  const frames = new SseSplitter({ frameBytesMax: 1 << 22 }).push(Buffer.from(raw));
  return [...frames.flatMap((frame) => reader.read(parseFrame(frame))), ...reader.end()];
}
