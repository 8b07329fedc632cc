import type { EdgePorts } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aliasOf, ask, type Gateway, isNothing, openGateway, PATHS } from './gateway.ts';

let gateway: Gateway;
/** Faults that the ledger gives before it answers, by the method. */
let faults: Partial<Record<'reserve' | 'settle' | 'void', Fault[]>>;

beforeEach(async () => {
  faults = {};
  gateway = await openGateway({ wrap });
});
afterEach(() => gateway[Symbol.asyncDispose]());

function wrap(ports: EdgePorts): EdgePorts {
  const { quotaLedger } = ports;
  return {
    ...ports,
    quotaLedger: new Proxy(quotaLedger, {
      get: (ledger, name) => async (request: never) => {
        const fault = faults[name as keyof typeof faults]?.shift();
        if (fault !== undefined) throw fault;
        return await ledger[name as keyof typeof ledger](request);
      },
    }),
  };
}

/** What the clients of each path show of a quota. */
const SHOWN: Readonly<Record<string, string>> = {
  '/v1/chat/completions': 'x-ratelimit-remaining-tokens',
  '/v1/responses': 'x-ratelimit-remaining-tokens',
  '/v1/messages': 'anthropic-ratelimit-output-tokens-remaining',
};

function refusalOf(path: string): string {
  const message = 'max_tokens is too large: 16384. This model supports at most 4096 completion tokens.';
  const error = path.startsWith('/v1beta')
    ? { code: 400, message, status: 'INVALID_ARGUMENT' }
    : { message, type: 'invalid_request_error', param: 'max_tokens', code: 'invalid_value' };
  return JSON.stringify({ error });
}

describe.each(PATHS)('%s', (path) => {
  const alias = aliasOf(path);

  test('case 74: a spent quota is a 429 that says what blocks and when it resets', async () => {
    await gateway.limit({ output: 50n });
    const response = await gateway.post(path, ask(path, alias));
    expect(response.status).toBe(429);
    expect(response.headers.get('x-should-retry')).toBe('false');
    const id = response.headers.get('x-aiswitch-reservation') ?? '';
    expect(response.headers.get('x-aiswitch-receipt')).toBe(`/v1/receipts/${id}`);
    const text = await response.text();
    expect(text).toContain(`personal:${gateway.userId}`);
    expect(text).toMatch(/50 output tokens left/);
    const resetsAt = Date.parse(/resets at (\S+Z)/.exec(text)?.[1] ?? '');
    const untilReset = (resetsAt - Date.now()) / 1_000;
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(untilReset - 60);
    expect(Number(response.headers.get('retry-after'))).toBeLessThan(untilReset + 60);
    expect(text).toContain(`/v1/receipts/${id}`);
    expect((await gateway.reservation(id)).state).toBe('RESERVATION_STATE_REJECTED');
    expect(gateway.provider.requests).toEqual([]);
    const record = await gateway.accessRecord(response.headers.get('x-request-id'));
    expect(record).toMatchObject({ outcome: 'refused', faultCode: 'quotaExhausted', httpStatus: 429 });
  });

  test('who is not bounded has his bytes go through, and no head that counts', async () => {
    const response = await gateway.post(path, ask(path, alias));
    await response.text();
    expect([...response.headers.keys()].filter((name) => /quota|ratelimit|codex-primary/.test(name))).toEqual(
      [],
    );
    const asked = String(gateway.provider.requests[0]?.body);
    if (path !== '/v1/messages') expect(asked).not.toMatch(/max_?(output_?)?(completion_)?tokens/i);
  });

  test('who is bounded has the maximum told to the provider, and is told what is left', async () => {
    await gateway.limit({ output: 100_000n });
    const response = await gateway.post(path, ask(path, alias));
    await response.text();
    const most = path === '/v1/messages' ? 100 : 16_384;
    const asked = JSON.parse(String(gateway.provider.requests[0]?.body));
    expect(
      asked.max_tokens ??
        asked.max_completion_tokens ??
        asked.max_output_tokens ??
        asked.generationConfig?.maxOutputTokens,
    ).toBe(most);
    const left = response.headers.get('x-aiswitch-quota-remaining') ?? '';
    expect(left).toMatch(new RegExp(`^output=${100_000 - most};bucket=personal%3A.*;reset=\\d{4}-`));
    const shown = SHOWN[path];
    if (shown !== undefined) expect(response.headers.get(shown)).toBe(String(100_000 - most));
  });

  test('a maximum over what may be held is told to the provider as what is held', async () => {
    await gateway.limit({ output: 150_000n });
    const wanted = path === '/v1/responses' ? 'max_output_tokens' : 'max_tokens';
    const more = path.startsWith('/v1beta')
      ? { generation_config: { max_output_tokens: 200_000 } }
      : { [wanted]: 200_000 };
    await (await gateway.post(path, ask(path, alias, more))).text();
    const asked = String(gateway.provider.requests[0]?.body);
    expect(asked).toContain('131072');
    expect(asked).not.toContain('200000');
    expect(asked.match(/generation_?config/gi) ?? []).toHaveLength(path.startsWith('/v1beta') ? 1 : 0);
  });

  test('a maximum of ours that the provider finds too large is left out', async () => {
    if (path === '/v1/messages') return;
    await gateway.limit({ output: 100_000n });
    gateway.provider.script({ status: 400, body: refusalOf(path) });
    const response = await gateway.post(path, ask(path, alias));
    expect(response.status).toBe(200);
    await response.text();
    expect(gateway.provider.requests).toHaveLength(2);
    expect(String(gateway.provider.requests[1]?.body)).not.toMatch(/max_?(output_?)?(completion_)?tokens/i);
  });

  test('a ledger that does not answer is a 503, and nobody is asked', async () => {
    const down = new Fault('unavailable', 'The ledger does not answer.');
    faults.reserve = [down, down, down];
    const response = await gateway.post(path, ask(path, alias));
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).not.toBeNull();
    expect(gateway.provider.requests).toEqual([]);
    expect(isNothing((await gateway.balance()).held)).toBe(true);
  });
});

test('what is held is what the request may cost, never nothing', async () => {
  let held = gateway.balance();
  gateway.provider.script(() => {
    held = gateway.balance();
    return {};
  });
  const messages = [{ role: 'user', content: 'x'.repeat(4_000) }];
  const request = { model: 'chat', messages, max_tokens: 300, n: 2 };
  expect((await gateway.post('/v1/chat/completions', request)).status).toBe(200);
  expect((await held).held.output).toBe(600n);
  expect((await held).held.input).toBeGreaterThanOrEqual(1_000n);
  expect((await held).held.input).toBeLessThan(1_100n);
});

test('a settlement is sent again until the ledger takes it', async () => {
  const away = () => new Fault('unavailable', 'The ledger does not answer.');
  faults.settle = [away(), away()];
  await gateway.post('/v1/chat/completions', ask('/v1/chat/completions', 'chat'));
  await gateway.settled();
  expect((await gateway.balance()).used).toMatchObject({ input: 11n, output: 7n });
});

test('a settlement that the ledger refuses is logged with its amounts', async () => {
  faults.settle = [new Fault('conflict', 'It was settled with other amounts.')];
  const response = await gateway.post('/v1/chat/completions', ask('/v1/chat/completions', 'chat'));
  const id = response.headers.get('x-aiswitch-reservation');
  await gateway.accessRecord(response.headers.get('x-request-id'));
  const lines = gateway.logged.map((line) => JSON.parse(line));
  expect(lines).toContainEqual(
    expect.objectContaining({ level: 'error', reservationId: id, inputTokens: '11', outputTokens: '7' }),
  );
});

test('an answer that came to nothing is borne by the platform, and an error is not', async () => {
  const platform = async () => {
    const { tenant, ports } = gateway;
    const { balances } = await ports.quotaLedger.listBalances({
      tenant,
      scope: '',
      scopes: [],
      bucket: 'platform',
      page: undefined,
    });
    const { input = 0n, output = 0n } = balances[0]?.balance?.used ?? {};
    return { input, output };
  };
  gateway.provider.script({ status: 500, body: '{"error":{"message":"no"}}' });
  await (await gateway.post('/v1/chat/completions', ask('/v1/chat/completions', 'chat'))).text();
  await gateway.settled();
  expect(await platform()).toEqual({ input: 0n, output: 0n });
  gateway.provider.script({ body: 'this is no answer' });
  await (await gateway.post('/v1/chat/completions', ask('/v1/chat/completions', 'chat'))).text();
  await gateway.settled();
  expect((await platform()).input).toBeGreaterThan(0n);
  expect((await gateway.balance()).used.output).toBe(14n);
});
