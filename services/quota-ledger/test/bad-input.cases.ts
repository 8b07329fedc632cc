// What no caller may ask for, as a table: the title, the field that the fault names, and the call. The company has a
// bucket of its user, a reservation `held` that is open and a reservation `settled` that is settled.

import {
  type Amounts,
  Beat,
  Bucket,
  DryRule,
  ExpiryCharge,
  ExtendRequest,
  FundingOrder,
  HoldRule,
  ListBalancesRequest,
  ListEntriesRequest,
  ListFundingOrdersRequest,
  Page,
  PeriodKind,
  Policy,
  type QuotaLedger,
  Tier,
} from '@ai-switch/contracts';
import {
  amounts,
  beatRequest,
  extendRequest,
  PERSONAL,
  reserveRequest,
  reverseRequest,
  type Shape,
  settleRequest,
  subject,
  USER,
  voidRequest,
} from './harness.ts';

const TOO_MUCH = 2n ** 53n;
const LONG = 'x'.repeat(65);

export type Call = (ledger: QuotaLedger, tenant: string) => Promise<unknown>;
type Case = readonly [title: string, field: string, call: Call];

const WRONG_AMOUNTS: readonly (readonly [string, string, Amounts])[] = [
  ['negative input', 'input', { ...amounts(1), input: -1n }],
  ['negative output', 'output', { ...amounts(1), output: -1n }],
  ['negative cacheRead', 'cacheRead', { ...amounts(1), cacheRead: -(2n ** 63n) }],
  ['negative cacheWrite', 'cacheWrite', { ...amounts(1), cacheWrite: -1n }],
  ['negative cost', 'cost', { ...amounts(1), cost: -1n }],
  ['overflowing input', 'input', { ...amounts(1), input: TOO_MUCH }],
  ['overflowing output', 'output', { ...amounts(1), output: 2n ** 63n - 1n }],
  ['overflowing cacheRead', 'cacheRead', { ...amounts(1), cacheRead: TOO_MUCH }],
  ['overflowing cacheWrite', 'cacheWrite', { ...amounts(1), cacheWrite: TOO_MUCH }],
  ['overflowing cost', 'cost', { ...amounts(1), cost: TOO_MUCH }],
];

const AMOUNTS: readonly Case[] = WRONG_AMOUNTS.flatMap(([title, type, wrong]): readonly Case[] => [
  [
    `reserve of ${title}`,
    `amounts.${type}`,
    (ledger, tenant) => ledger.reserve(reserveRequest('new', { tenant, amounts: wrong })),
  ],
  [
    `extend by ${title}`,
    `amounts.${type}`,
    (ledger, tenant) => ledger.extend(extendRequest('held', { tenant, amounts: wrong })),
  ],
  [
    `heartbeat with ${title}`,
    `used.${type}`,
    (ledger, tenant) => ledger.heartbeat({ beats: [beatRequest('held', { tenant, used: wrong })] }),
  ],
  [
    `settle of ${title}`,
    `actual.${type}`,
    (ledger, tenant) => ledger.settle(settleRequest('held', { tenant, actual: wrong })),
  ],
  [
    `settle of an unknown id with ${title}`,
    `actual.${type}`,
    (ledger, tenant) => ledger.settle(settleRequest('new', { tenant, actual: wrong })),
  ],
  [
    `settle with failed attempts of ${title}`,
    `platform.${type}`,
    (ledger, tenant) => ledger.settle(settleRequest('held', { tenant, platform: wrong })),
  ],
  [
    `limit of ${title}`,
    `bucket.limits.${type}`,
    (ledger, tenant) =>
      ledger.putBucket({
        bucket: Bucket.create({ tenant, tier: Tier.PERSONAL, scope: `user:${USER}`, limits: { ...wrong } }),
      }),
  ],
]);

const RESERVES = (
  [
    ['no tenant', 'tenant', { tenant: '' }],
    ['a long tenant', 'tenant', { tenant: LONG }],
    ['no id', 'reservationId', { reservationId: '' }],
    ['a long id', 'reservationId', { reservationId: LONG }],
    ['a NUL in its id', 'reservationId', { reservationId: 'a\0b' }],
    ['no subject', 'subject', { subject: undefined }],
    ['no user', 'subject.userId', { subject: subject({ userId: '' }) }],
    ['a long project', 'subject.projectId', { subject: subject({ projectId: LONG }) }],
    [
      'a line break in a department',
      'subject.departmentIds',
      { subject: subject({ departmentIds: ['a\n'] }) },
    ],
    ['five departments', 'subject.departmentIds', { subject: subject({ departmentIds: [...'abcde'] }) }],
    ['a department twice', 'subject.departmentIds', { subject: subject({ departmentIds: ['a', 'a'] }) }],
    ['a long model', 'subject.model', { subject: subject({ model: 'x'.repeat(129) }) }],
    ['no amounts', 'amounts', { amounts: undefined }],
    ['amounts of nothing', 'amounts', { amounts: amounts(0) }],
    ['a prompt that costs more than all', 'promptCost', { promptCost: 1n }],
    ['a prompt of negative cost', 'promptCost', { promptCost: -1n }],
    ['a short time to live', 'ttlMs', { ttlMs: 999n }],
    ['a long time to live', 'ttlMs', { ttlMs: 86_400_001n }],
    ['a negative time to live', 'ttlMs', { ttlMs: -1n }],
    ['no owner', 'ownerToken', { ownerToken: '' }],
    ['no fingerprint', 'fingerprint', { fingerprint: '' }],
    ['a long price version', 'priceVersion', { priceVersion: LONG }],
  ] as const
).map(
  ([title, field, wrong]): Case => [
    `reserve with ${title}`,
    field,
    (ledger, tenant) => ledger.reserve(reserveRequest('new', { tenant, ...wrong })),
  ],
);

const OTHERS: readonly Case[] = [
  [
    'extend by nothing',
    'amounts',
    (ledger, tenant) => ledger.extend(extendRequest('held', { tenant, amounts: amounts(0) })),
  ],
  [
    'extend without a number',
    'opSeq',
    (ledger, tenant) => ledger.extend(extendRequest('held', { tenant, opSeq: 0 })),
  ],
  [
    'extend with a negative number',
    'opSeq',
    (ledger, tenant) => ledger.extend(extendRequest('held', { tenant, opSeq: -1 })),
  ],
  ['extend that is empty', 'amounts', (ledger) => ledger.extend(ExtendRequest.create({}))],
  [
    'heartbeat with one wrong beat among right ones',
    'tenant',
    (ledger, tenant) =>
      ledger.heartbeat({ beats: [beatRequest('held', { tenant, used: amounts(5) }), Beat.create({})] }),
  ],
  [
    'heartbeat with a time to live of nothing',
    'ttlMs',
    (ledger, tenant) => ledger.heartbeat({ beats: [beatRequest('held', { tenant, ttlMs: 0n })] }),
  ],
  [
    'settle without an outcome',
    'outcome',
    (ledger, tenant) => ledger.settle(settleRequest('held', { tenant, outcome: '' })),
  ],
  [
    'settle without a subject',
    'subject',
    (ledger, tenant) => ledger.settle(settleRequest('held', { tenant, subject: undefined })),
  ],
  [
    'settle of half a character',
    'outcome',
    (ledger, tenant) => ledger.settle(settleRequest('held', { tenant, outcome: `a\u0007` })),
  ],
  [
    'void without an owner',
    'ownerToken',
    (ledger, tenant) => ledger.void(voidRequest('held', { tenant, ownerToken: '' })),
  ],
  [
    'reverse without a reason',
    'reason',
    (ledger, tenant) => ledger.reverse(reverseRequest('settled', { tenant, reason: '' })),
  ],
  [
    'reverse with a long reason',
    'reason',
    (ledger, tenant) => ledger.reverse(reverseRequest('settled', { tenant, reason: 'x'.repeat(201) })),
  ],
  [
    'receipt without an id',
    'reservationId',
    (ledger, tenant) => ledger.getReceipt({ tenant, reservationId: '' }),
  ],
  [
    'balances without a user',
    'subject.userId',
    (ledger, tenant) => ledger.getBalances({ tenant, subject: subject({ userId: '' }) }),
  ],
];

const BUCKETS = (
  [
    ['no tenant', 'bucket.tenant', { tenant: '' }],
    ['no tier', 'bucket.tier', { tier: Tier.UNSPECIFIED }],
    ['the platform’s tier', 'bucket.tier', { tier: Tier.PLATFORM }],
    ['no scope', 'bucket.scope', { scope: '' }],
    ['a scope without an id', 'bucket.scope', { scope: 'user:' }],
    ['a scope of another tier', 'bucket.scope', { scope: 'project:p1' }],
    ['an unknown kind of scope', 'bucket.scope', { scope: 'team:p1' }],
    ['a long scope', 'bucket.scope', { scope: `user:${LONG}` }],
    ['an id that is another scope’s', 'bucket.bucket', { bucket: 'personal:user_bob' }],
    ['the id of a grant', 'bucket.bucket', { bucket: 'grant:g' }],
    ['a period without an end', 'bucket.periodKind', { periodKind: PeriodKind.WHOLE }],
    ['a beginning', 'bucket.validFromMs', { validFromMs: 1n }],
    ['an end', 'bucket.validUntilMs', { validUntilMs: 1n }],
    ['a long note', 'bucket.note', { note: 'x'.repeat(201) }],
    ['a NUL in its note', 'bucket.note', { note: 'a\0' }],
    ['no grant id', 'bucket.bucket', { tier: Tier.SUPPLEMENTARY, bucket: '' }],
    ['a wrong grant id', 'bucket.bucket', { tier: Tier.SUPPLEMENTARY, bucket: 'grant:a/b' }],
    ['a grant to a model', 'bucket.scope', { tier: Tier.SUPPLEMENTARY, bucket: 'grant:g', scope: 'model:m' }],
    [
      'a grant by the month',
      'bucket.periodKind',
      { tier: Tier.SUPPLEMENTARY, bucket: 'grant:g', periodKind: PeriodKind.MONTH },
    ],
    [
      'a grant that ends before it begins',
      'bucket.validUntilMs',
      { tier: Tier.SUPPLEMENTARY, bucket: 'grant:g', validFromMs: 5n, validUntilMs: 5n },
    ],
    [
      'a grant that ends before all time',
      'bucket.validUntilMs',
      { tier: Tier.SUPPLEMENTARY, bucket: 'grant:g', validUntilMs: -1n },
    ],
    [
      'a grant that ends after all time',
      'bucket.validUntilMs',
      { tier: Tier.SUPPLEMENTARY, bucket: 'grant:g', validUntilMs: 2n ** 63n - 1n },
    ],
    ['a cap on a user', 'bucket.scope', { tier: Tier.CAP }],
  ] as const
).map(
  ([title, field, wrong]): Case => [
    `bucket with ${title}`,
    field,
    (ledger, tenant) =>
      ledger.putBucket({
        bucket: Bucket.create({ tenant, tier: Tier.PERSONAL, scope: `user:${USER}`, ...wrong }),
      }),
  ],
);

const WRONG_ORDERS: readonly (readonly [string, string, Shape<FundingOrder>])[] = [
  ['of a model', 'order.scope', { scope: 'model:m' }],
  ['of nothing', 'order.scope', { scope: '' }],
  ['with a tier twice', 'order.tiers', { tiers: [Tier.PERSONAL, Tier.PERSONAL] }],
  ['with a cap', 'order.tiers', { tiers: [Tier.CAP] }],
  ['with the platform', 'order.tiers', { tiers: [Tier.PLATFORM] }],
  ['with no known tier', 'order.tiers', { tiers: [Tier.UNSPECIFIED] }],
];

const SETTINGS: readonly Case[] = [
  ['bucket that is missing', 'bucket', (ledger) => ledger.putBucket({ bucket: undefined })],
  ['close without an id', 'bucket', (ledger, tenant) => ledger.closeBucket({ tenant, bucket: '' })],
  [
    'order that is missing',
    'order',
    (ledger, tenant) => ledger.putFundingOrder({ tenant, order: undefined }),
  ],
  ...WRONG_ORDERS.map(
    ([title, field, wrong]): Case => [
      `order ${title}`,
      field,
      (ledger, tenant) =>
        ledger.putFundingOrder({
          tenant,
          order: FundingOrder.create({ scope: 'company', tiers: [Tier.PERSONAL], ...wrong }),
        }),
    ],
  ),
  ['policy that is missing', 'policy', (ledger, tenant) => ledger.putPolicy({ tenant, policy: undefined })],
  ...(
    [
      ['without a time zone', 'policy.timeZone', { timeZone: '' }],
      ['of a time zone on no map', 'policy.timeZone', { timeZone: 'Europe/Atlantis' }],
      ['with an offset for a time zone', 'policy.timeZone', { timeZone: '+01:00' }],
      ['with a 13th month', 'policy.fiscalYearStartsInMonth', { fiscalYearStartsInMonth: 13 }],
      ['without a month', 'policy.fiscalYearStartsInMonth', { fiscalYearStartsInMonth: 0 }],
      ['without a charge at expiry', 'policy.expiryCharge', { expiryCharge: ExpiryCharge.UNSPECIFIED }],
      ['without a rule for holds', 'policy.holdRule', { holdRule: HoldRule.UNSPECIFIED }],
      ['without a rule for dry chains', 'policy.dryRule', { dryRule: DryRule.UNSPECIFIED }],
      ['with answers of nothing', 'policy.outputTokensMax', { outputTokensMax: 0 }],
      ['with endless answers', 'policy.outputTokensMax', { outputTokensMax: 10_000_001 }],
      ['with a default above the most', 'policy.outputTokensDefault', { outputTokensDefault: 5_001 }],
    ] as const
  ).map(
    ([title, field, wrong]): Case => [
      `policy ${title}`,
      field,
      (ledger, tenant) => ledger.putPolicy({ tenant, policy: Policy.create({ ...GOOD_POLICY, ...wrong }) }),
    ],
  ),
];

const GOOD_POLICY = {
  timeZone: 'UTC',
  fiscalYearStartsInMonth: 1,
  expiryCharge: ExpiryCharge.ZERO,
  holdRule: HoldRule.WORST_CASE,
  dryRule: DryRule.CUT,
  outputTokensDefault: 100,
  outputTokensMax: 5_000,
};

const PAGES: readonly Case[] = (
  [
    ['a negative limit', 'page.limit', { limit: -1 }],
    ['a limit above 1,000', 'page.limit', { limit: 1_001 }],
    ['a place that nobody gave', 'page.after', { after: 'somewhere' }],
    ['the place of another list', 'page.after', { after: placeOf('a', 'b') }],
    ['a place that is no list', 'page.after', { after: Buffer.from('{}').toString('base64url') }],
  ] as const
).flatMap(([title, field, page]): readonly Case[] => [
  [
    `balances with ${title}`,
    field,
    (ledger, tenant) => ledger.listBalances(ListBalancesRequest.create({ tenant, page: Page.create(page) })),
  ],
  [
    `statement with ${title}`,
    field,
    (ledger, tenant) =>
      ledger.listEntries(ListEntriesRequest.create({ tenant, bucket: PERSONAL, page: Page.create(page) })),
  ],
  [
    `orders with ${title}`,
    field,
    (ledger, tenant) =>
      ledger.listFundingOrders(ListFundingOrdersRequest.create({ tenant, page: Page.create(page) })),
  ],
]);

const PLACES: readonly Case[] = [
  [
    'statement from a time that is none',
    'page.after',
    (ledger, tenant) =>
      ledger.listEntries(
        ListEntriesRequest.create({
          tenant,
          bucket: PERSONAL,
          page: Page.create({ after: placeOf('now', 'r', 'reserve', '0') }),
        }),
      ),
  ],
  [
    'balances of a scope that is none',
    'scope',
    (ledger, tenant) => ledger.listBalances(ListBalancesRequest.create({ tenant, scope: 'team:a' })),
  ],
  [
    'balances of scopes one of which is none',
    'scopes',
    (ledger, tenant) => ledger.listBalances(ListBalancesRequest.create({ tenant, scopes: ['company', ''] })),
  ],
  [
    'balances of more scopes than a query takes',
    'scopes',
    (ledger, tenant) =>
      ledger.listBalances(
        ListBalancesRequest.create({ tenant, scopes: Array.from({ length: 10_001 }, (_, i) => `user:${i}`) }),
      ),
  ],
];

function placeOf(...parts: string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

export const INVALID: readonly Case[] = [
  ...AMOUNTS,
  ...RESERVES,
  ...OTHERS,
  ...BUCKETS,
  ...SETTINGS,
  ...PAGES,
  ...PLACES,
];
