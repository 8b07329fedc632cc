// Any sequence of calls on a small world, in which calls meet: few ids, few users, small limits.

import fc from 'fast-check';

export const TYPES = ['input', 'output', 'cacheRead', 'cacheWrite', 'cost'] as const;
/** One number a type, in the order of TYPES. */
export type Numbers = readonly number[];

export interface Put {
  readonly kind: 'put';
  readonly bucket: string;
  readonly limits: readonly (number | null)[];
  /** Of a grant: how long it is valid. */
  readonly validForMs: number;
}

interface Named {
  readonly id: string;
}

export type Operation =
  | (Named & {
      readonly kind: 'reserve';
      readonly user: string;
      readonly owner: string;
      readonly fingerprint: string;
      readonly amounts: Numbers;
      readonly promptCost: number;
      readonly ttlMs: number;
    })
  | (Named & {
      readonly kind: 'extend';
      readonly owner: string;
      readonly opSeq: number;
      readonly amounts: Numbers;
    })
  | (Named & {
      readonly kind: 'beat';
      readonly owner: string;
      readonly ttlMs: number;
      readonly used: Numbers | null;
    })
  | (Named & {
      readonly kind: 'settle';
      readonly user: string;
      readonly actual: Numbers;
      readonly platform: Numbers;
    })
  | (Named & { readonly kind: 'void'; readonly owner: string })
  | (Named & { readonly kind: 'reverse'; readonly reason: string });

export type Change =
  | Put
  | { readonly kind: 'close'; readonly bucket: string }
  | { readonly kind: 'order'; readonly scope: string; readonly tiers: readonly string[] }
  | { readonly kind: 'policy'; readonly expiryCharge: string }
  | { readonly kind: 'turn'; readonly ms: number }
  /** Ends every hold that is due. */
  | { readonly kind: 'sweep' };

export type Command = Operation | Change;

const USERS = ['ann', 'bob'] as const;

export const TIERS_OF: Readonly<Record<string, 'PERSONAL' | 'PROJECT' | 'SUPPLEMENTARY' | 'CAP'>> = {
  'personal:ann': 'PERSONAL',
  'personal:bob': 'PERSONAL',
  'project:p': 'PROJECT',
  'grant:a': 'SUPPLEMENTARY',
  'grant:b': 'SUPPLEMENTARY',
  company: 'CAP',
  'department:d': 'CAP',
  'model:m': 'CAP',
};

/** Buckets whose limits are for a month; those of the others that begin anew are for a day. */
export const MONTHLY: ReadonlySet<string> = new Set(['personal:ann', 'personal:bob', 'company']);

const IDS = ['r1', 'r2', 'r3'];
const id = fc.constantFrom(...IDS);
/** Mostly the one, so that calls get through to what they are about. */
const mostly = (one: string, other: string) =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(one) }, { weight: 1, arbitrary: fc.constant(other) });
const user = mostly('ann', 'bob');
const owner = mostly('own', 'other');
const fingerprint = mostly('same', 'another');
const ttlMs = fc.constantFrom(10_000, 60_000, 3_600_000);
/** Time turns by whole ten seconds, so that no two holds have one deadline: a sweep takes them in its order. */
const deadlineOf = <Call extends { id: string; ttlMs: number }>(call: Call): Call => ({
  ...call,
  ttlMs: call.ttlMs + IDS.indexOf(call.id),
});
const numbers = (...counts: number[]) =>
  fc.tuple(...TYPES.map(() => fc.constantFrom(...counts))) as fc.Arbitrary<number[]>;
const usage = numbers(0, 0, 3, 10, 25, 60);
const demand = numbers(0, 0, 1, 10, 30).filter((counts) => counts.some((count) => count > 0));
const bucket = fc.constantFrom(...Object.keys(TIERS_OF));
const limit = fc.constantFrom(null, null, null, 0, 20, 50, 100);

const put: fc.Arbitrary<Put> = fc.record({
  kind: fc.constant('put'),
  bucket,
  limits: fc.tuple(limit, limit, limit, limit, limit),
  validForMs: fc.constantFrom(30_000, 86_400_000),
});

const reserve = fc
  .record({ kind: fc.constant('reserve'), id, user, owner, fingerprint, amounts: demand, ttlMs })
  .map((call) => ({ ...deadlineOf(call), promptCost: Math.floor((call.amounts[4] ?? 0) / 2) }));

export const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 10, arbitrary: reserve },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('extend'),
      id,
      owner,
      opSeq: fc.constantFrom(1, 1, 1, 2, 2, 3),
      amounts: demand,
    }),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({ kind: fc.constant('beat'), id, owner, ttlMs, used: fc.option(usage, { nil: null }) })
      .map(deadlineOf),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('settle'),
      id,
      user,
      actual: usage,
      platform: fc.oneof(fc.constant([0, 0, 0, 0, 0]), fc.constant([0, 0, 0, 0, 0]), usage),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('void'), id, owner }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('reverse'),
      id,
      reason: fc.constantFrom('a mistake', 'another'),
    }),
  },
);

export const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: put },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close'), bucket }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('order'),
      scope: fc.constantFrom('user:ann', 'project:p', 'department:d', 'company'),
      tiers: fc.shuffledSubarray(['PERSONAL', 'PROJECT', 'SUPPLEMENTARY']),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('policy'),
      expiryCharge: fc.constantFrom('PROMPT_ESTIMATE', 'ZERO', 'FULL_HOLD'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('turn'),
      ms: fc.constantFrom(10_000, 30_000, 60_000, 86_400_000, 20 * 86_400_000),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ kind: 'sweep' }) },
);

/** What everything begins with: the limits of a few buckets. */
export const beginning: fc.Arbitrary<readonly Put[]> = fc
  .array(put, { maxLength: 4 })
  .map((puts) => [...USERS.map(unlimited), ...puts]);

function unlimited(name: string): Put {
  const limits = [null, null, null, null, null];
  return { kind: 'put', bucket: `personal:${name}`, limits, validForMs: 0 };
}
