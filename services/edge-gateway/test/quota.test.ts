import type { Ports } from '@ai-switch/contracts';
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

function wrap(ports: Ports): Ports {
  const { quotaLedger } = ports;
  const failing = <Request, Reply>(name: keyof typeof faults, call: (request: Request) => Promise<Reply>) => {
    return async (request: Request) => {
      const fault = faults[name]?.shift();
      if (fault !== undefined) throw fault;
      return call(request);
    };
  };
  return {
    ...ports,
    quotaLedger: {
      reserve: failing('reserve', (request) => quotaLedger.reserve(request)),
      settle: failing('settle', (request) => quotaLedger.settle(request)),
      void: failing('void', (request) => quotaLedger.void(request)),
      setLimits: (request) => quotaLedger.setLimits(request),
      getBalance: (request) => quotaLedger.getBalance(request),
      getReservation: (request) => quotaLedger.getReservation(request),
    },
  };
}

describe.each(PATHS)('%s', (path) => {
  const alias = aliasOf(path);

  test('case 74: a spent quota is a 429 that says what blocks and when it resets', async () => {
    const { tenant, userId, ports } = gateway;
    await ports.quotaLedger.setLimits({ tenant, userId, limits: { output: 50n } });
    const response = await gateway.post(path, ask(path, alias));
    expect(response.status).toBe(429);
    expect(response.headers.get('x-should-retry')).toBe('false');
    const text = await response.text();
    expect(text).toMatch(/output tokens/);
    expect(text).toMatch(/\d{4}-\d\d-\d\dT/);
    const id = response.headers.get('x-aiswitch-reservation') ?? '';
    expect(text).toContain(id);
    expect((await gateway.reservation(id)).state).toBe('RESERVATION_STATE_REJECTED');
    expect(gateway.provider.requests).toEqual([]);
    const record = await gateway.accessRecord(response.headers.get('x-request-id'));
    expect(record).toMatchObject({ outcome: 'refused', faultCode: 'quotaExhausted', httpStatus: 429 });
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
