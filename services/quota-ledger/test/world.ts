// A company of its own on a ledger, as those who call it see it.

import {
  type Amounts,
  type Balance,
  type Beat,
  Bucket,
  CloseBucketRequest,
  type Entry,
  type ExtendRequest,
  FundingOrder,
  GetBalancesRequest,
  GetReceiptRequest,
  ListBalancesRequest,
  ListEntriesRequest,
  Page,
  Policy,
  PutBucketRequest,
  PutFundingOrderRequest,
  PutPolicyRequest,
  type QuotaLedger,
  type Reservation,
  type ReserveRequest,
  type ReserveResponse,
  type ReverseRequest,
  type SettleRequest,
  type Subject,
  Tier,
  type VoidRequest,
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
  type TurnableClock,
  USER,
  voidRequest,
} from './harness.ts';

export interface WorldParts {
  readonly tenant: string;
  readonly ledger: QuotaLedger;
  readonly clock: TurnableClock;
  /** Ends every hold whose deadline has passed. */
  readonly sweep: () => Promise<void>;
  /** The next transaction fails: before it is committed, or when it is but nobody hears of it. */
  readonly breakNext: (moment: 'beforeCommit' | 'afterCommit') => void;
  /** Every row of the company, and of the other one, in a fixed order. */
  readonly dump: () => Promise<readonly unknown[]>;
}

/** A second company, whose calls must not touch the first. */
export function otherTenant(tenant: string): string {
  return `${tenant}_other`;
}

export type World = ReturnType<typeof openWorld>;

export function openWorld(parts: WorldParts) {
  const { tenant, ledger } = parts;

  async function reserve(
    id: string,
    rest: Shape<ReserveRequest> = {},
  ): Promise<Reservation & Omit<ReserveResponse, 'reservation'>> {
    const request = reserveRequest(id, { tenant, ...rest });
    const { reservation, ...answer } = await ledger.reserve(request);
    return { ...present(reservation), ...answer };
  }

  function extend(id: string, rest: Shape<ExtendRequest> = {}) {
    return ledger.extend(extendRequest(id, { tenant, ...rest }));
  }

  /** The state that the pulse tells. */
  async function beat(id: string, rest: Shape<Beat> = {}): Promise<string> {
    const { pulses } = await ledger.heartbeat({ beats: [beatRequest(id, { tenant, ...rest })] });
    return present(pulses[0]).state;
  }

  async function settle(id: string, rest: Shape<SettleRequest> = {}): Promise<Reservation> {
    const { reservation } = await ledger.settle(settleRequest(id, { tenant, ...rest }));
    return present(reservation);
  }

  async function release(id: string, rest: Shape<VoidRequest> = {}): Promise<Reservation> {
    const { reservation } = await ledger.void(voidRequest(id, { tenant, ...rest }));
    return present(reservation);
  }

  async function reverse(id: string, rest: Shape<ReverseRequest> = {}): Promise<Reservation> {
    const { reservation } = await ledger.reverse(reverseRequest(id, { tenant, ...rest }));
    return present(reservation);
  }

  async function read(reservationId: string): Promise<Reservation> {
    const request = GetReceiptRequest.create({ tenant, reservationId });
    return present((await ledger.getReceipt(request)).reservation);
  }

  async function entriesOf(reservationId: string): Promise<readonly Entry[]> {
    const request = GetReceiptRequest.create({ tenant, reservationId });
    return (await ledger.getReceipt(request)).entries;
  }

  async function put(bucket: Shape<Bucket>) {
    const wanted = Bucket.create({ tenant, ...bucket });
    return present((await ledger.putBucket(PutBucketRequest.create({ bucket: wanted }))).bucket);
  }

  function putPersonal(limits: Bucket['limits'], rest: Shape<Bucket> = {}) {
    return put({ tier: Tier.PERSONAL, scope: `user:${USER}`, limits, ...rest });
  }

  function putProject(project: string, limits: Bucket['limits'], rest: Shape<Bucket> = {}) {
    return put({ tier: Tier.PROJECT, scope: `project:${project}`, limits, ...rest });
  }

  function putGrant(id: string, limits: Bucket['limits'], rest: Shape<Bucket> = {}) {
    return put({
      bucket: `grant:${id}`,
      tier: Tier.SUPPLEMENTARY,
      scope: `user:${USER}`,
      limits,
      ...rest,
    });
  }

  /** @param scope `company`, `department:<id>` or `model:<name>` */
  function putCap(scope: string, limits: Bucket['limits'], rest: Shape<Bucket> = {}) {
    return put({ tier: Tier.CAP, scope, limits, ...rest });
  }

  async function closeBucket(bucket: string) {
    return (await ledger.closeBucket(CloseBucketRequest.create({ tenant, bucket }))).bucket;
  }

  async function putOrder(scope: string, tiers: readonly Tier[]) {
    const order = FundingOrder.create({ scope, tiers: [...tiers] });
    return (await ledger.putFundingOrder(PutFundingOrderRequest.create({ tenant, order }))).order;
  }

  async function putPolicy(rest: Shape<Policy>) {
    const policy = Policy.create({ ...DEFAULT_POLICY, ...rest });
    return present((await ledger.putPolicy(PutPolicyRequest.create({ tenant, policy }))).policy);
  }

  /** How a bucket stands in the current period; one that nobody touched stands at nothing. */
  async function balance(bucket = PERSONAL): Promise<Omit<Balance, 'periodEndsAtMs'>> {
    const request = ListBalancesRequest.create({ tenant, bucket });
    const { balances } = await ledger.listBalances(request);
    const none = amounts(0);
    return balances[0]?.balance ?? { bucket, period: '', limits: {}, used: none, held: none, overrun: none };
  }

  /** The buckets that a request touches now, in their order. */
  async function bucketsOf(rest: Shape<Subject> = {}): Promise<readonly string[]> {
    const request = GetBalancesRequest.create({ tenant, subject: subject(rest) });
    const { balances } = await ledger.getBalances(request);
    return balances.map(({ bucket }) => present(bucket).bucket);
  }

  /** @param period empty for the current one */
  function statement(bucket: string, period = '', page: Shape<Page> = {}) {
    const request = { tenant, bucket, period, page: Page.create(page) };
    return ledger.listEntries(ListEntriesRequest.create(request));
  }

  /** What was used of a bucket in any period, by its statement. */
  async function usedIn(bucket: string, period: string): Promise<Amounts> {
    const { entries } = await statement(bucket, period);
    const sum = amounts(0);
    for (const { used } of entries) {
      for (const type of ['input', 'output', 'cacheRead', 'cacheWrite', 'cost'] as const) {
        sum[type] += used?.[type] ?? 0n;
      }
    }
    return sum;
  }

  return {
    ...parts,
    reserve,
    extend,
    beat,
    settle,
    release,
    reverse,
    read,
    entriesOf,
    put,
    putPersonal,
    putProject,
    putGrant,
    putCap,
    closeBucket,
    putOrder,
    putPolicy,
    balance,
    bucketsOf,
    statement,
    usedIn,
  };
}

const DEFAULT_POLICY = {
  timeZone: 'UTC',
  fiscalYearStartsInMonth: 1,
  expiryCharge: 'EXPIRY_CHARGE_PROMPT_ESTIMATE',
  holdRule: 'HOLD_RULE_WORST_CASE',
  dryRule: 'DRY_RULE_CUT',
  outputTokensDefault: 16_384,
  outputTokensMax: 131_072,
} as const;

function present<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('the ledger left out what it always answers');
  return value;
}
