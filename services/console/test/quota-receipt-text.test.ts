import { expect, it } from 'vitest';
import { receiptText } from '../src/cli/quotas/receipt-text.ts';
import { zoneOf } from '../src/cli/quotas/times.ts';

const UTC = zoneOf({ utc: true });
const amounts = (output: number, cost = '0') => ({ input: 0, output, cacheRead: 0, cacheWrite: 0, cost });

const SETTLED = {
  reservationId: 'res_1',
  state: 'settled',
  userId: 'usr_1',
  userName: 'alice',
  projectId: 'web',
  departmentIds: ['emea', 'research'],
  model: 'gpt-5',
  createdAt: '2026-11-23T04:10:00.000Z',
  expiresAt: '2026-11-23T04:11:00.000Z',
  resolvedAt: '2026-11-23T04:10:30.000Z',
  outcome: 'completed',
  isEstimated: false,
  priceVersion: 'v7',
  extensions: 2,
  held: amounts(16_384, '1.5'),
  charged: amounts(1_200, '0.018'),
  refunded: amounts(15_184, '1.482'),
  lines: [
    {
      bucket: 'personal:usr_1',
      tier: 'personal',
      period: '2026-11',
      held: amounts(16_384, '1.5'),
      used: amounts(1_000, '0.018'),
      overrun: amounts(0),
    },
    {
      bucket: 'grant:g',
      tier: 'supplementary',
      period: 'whole',
      held: amounts(0),
      used: amounts(200),
      overrun: amounts(50),
    },
    {
      bucket: 'company',
      tier: 'cap',
      period: '2026-11',
      held: amounts(16_384),
      used: amounts(1_200),
      overrun: amounts(0),
    },
  ],
  entries: [
    {
      at: '2026-11-23T04:10:00.000Z',
      operation: 'reserve',
      bucket: 'company',
      period: '2026-11',
      held: amounts(16_384),
      used: amounts(0),
      overrun: amounts(0),
    },
    {
      at: '2026-11-23T04:10:20.000Z',
      operation: 'extend',
      extension: 1,
      bucket: 'company',
      period: '2026-11',
      held: amounts(64),
      used: amounts(0),
      overrun: amounts(0),
    },
    {
      at: '2026-11-23T04:10:30.000Z',
      operation: 'settle',
      bucket: 'company',
      period: '2026-11',
      held: amounts(-16_448),
      used: amounts(1_200),
      overrun: amounts(0),
    },
  ],
};

it('a receipt says who asked, what it cost, and which bucket paid', () => {
  expect(receiptText(SETTLED, UTC, false)).toBe(`res_1: charged with what was used
asked       2026-11-23 04:10Z by alice (usr_1) for project web of emea > research to model gpt-5
ended       2026-11-23 04:10Z: the answer was complete
price       version v7 of the price book
extended    2 times

TYPE    HELD    CHARGED  GIVEN BACK
output  16,384  1,200    15,184
cost    1.5     0.018    1.482

BUCKET          ROLE    PERIOD   TYPE    HELD    CHARGED  OVERRUN
personal:alice  pays    2026-11  output  16,384  1,000    -
personal:alice  pays    2026-11  cost    1.5     0.018    -
grant:g         pays    whole    output  0       200      50
company         bounds  2026-11  output  16,384  1,200    -`);
});

it('the changes that a request made are shown when asked for', () => {
  expect(receiptText(SETTLED, UTC, true)).toContain(`
TIME               OPERATION  BUCKET   PERIOD   TYPE    HELD     USED    OVERRUN
2026-11-23 04:10Z  reserve    company  2026-11  output  +16,384  -       -
2026-11-23 04:10Z  extend 1   company  2026-11  output  +64      -       -
2026-11-23 04:10Z  settle     company  2026-11  output  -16,448  +1,200  -`);
});

it('a refusal says what blocked and when that begins anew', () => {
  const blocked = { bucket: 'company', tokenType: 'cacheRead', remaining: 120 };
  const { refunded: _, ...refused } = SETTLED;
  const receipt = {
    ...refused,
    state: 'rejected',
    outcome: '',
    priceVersion: '',
    extensions: 0,
    held: amounts(0),
    charged: amounts(0),
    lines: [],
  };
  const text = (more: object) => receiptText({ ...receipt, blocked: { ...blocked, ...more } }, UTC, true);
  expect(text({ resetsAt: '2026-12-01T00:00:00.000Z' })).toContain(`
blocked     company has 120 cache-read left; it begins anew 2026-12-01 00:00Z
`);
  expect(text({})).toContain('company has 120 cache-read left; it does not begin anew');
  expect(text({})).toMatch(/^res_1: refused: nothing was held and nothing is charged\n/);
});

it.each([
  ['held', 'open: what it may need is held', 'held until  2026-11-23 04:11Z'],
  ['reversed', 'the charge was taken back', 'reversed    by mistake'],
  ['expired', 'nobody reported on it in time', 'counts      estimated'],
])('a receipt that is %s says so', (state, words, fact) => {
  const text = receiptText(
    { ...SETTLED, state, isEstimated: true, reversalReason: 'by mistake' },
    UTC,
    false,
  );
  expect(text).toContain(words);
  expect(text).toContain(fact);
});

it('a charge that was taken back is told beside what it was', () => {
  const reversed = { ...SETTLED, state: 'reversed', charged: amounts(0), reversed: SETTLED.charged };
  expect(receiptText({ ...reversed, reversalReason: 'by mistake' }, UTC, false)).toContain(`
TYPE    HELD    CHARGED  GIVEN BACK  TAKEN BACK
output  16,384  1,200    15,184      1,200
cost    1.5     0.018    1.482       0.018
`);
});

it('what came from outside cannot steer the terminal', () => {
  const text = receiptText({ ...SETTLED, model: 'x\u001b[2Jy', userName: undefined }, UTC, false);
  expect(text).not.toContain('\u001b');
});
