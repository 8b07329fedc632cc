// The ledger knows companies and names of buckets, and nobody's place in an organisation. It is asked here, of one company,
// and by names that were looked up on behalf of the caller; what it answers about others is left out.

import {
  type AuditEvent,
  Bucket,
  type BucketBalance,
  type FundingOrder,
  type GetReceiptResponse,
  type ListEntriesResponse,
  type Page,
  Policy,
  type QuotaLedger,
  Tier,
} from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import { withFieldNames } from '../quota/field-names.ts';
import type { BucketName, ProjectName, Run, ScopeName, Seen, UserName } from './in-scope.ts';
import type { Reach } from './reach.ts';

const PAGE_ROWS = 1_000;
/** As many as the ledger takes in one call. */
const SCOPES_MAX = 10_000;
const EVERY_SCOPE: ReadonlySet<string> = new Set();

/** What a bucket is to be; the rest is its name's. */
export type BucketTerms = Pick<Bucket, 'limits' | 'periodKind' | 'validFromMs' | 'validUntilMs' | 'note'>;

export type Standing = BucketBalance & { readonly bucket: Bucket };

export class ScopedLedger {
  readonly #ledger: QuotaLedger;
  readonly #tenant: string;
  readonly #reach: Reach;

  constructor(ledger: QuotaLedger, tenant: string, reach: Reach) {
    this.#ledger = ledger;
    this.#tenant = tenant;
    this.#reach = reach;
  }

  /** A bucket and how it stands; undefined when there is none. A user has a personal one even if nobody put it. */
  async find({ bucket: wanted, tier, userId }: BucketName & Seen): Promise<Standing | undefined> {
    const found = await this.#named(wanted);
    if (found !== undefined || tier !== Tier.PERSONAL || userId === '') return found;
    const subject = { userId, projectId: '', departmentIds: [], model: '' };
    const { balances } = await this.#ledger.getBalances({ tenant: this.#tenant, subject });
    return standing(balances.find(({ bucket }) => bucket?.bucket === wanted));
  }

  /** @throws Fault `notFound` */
  async get(name: BucketName & Seen): Promise<Standing> {
    const found = await this.find(name);
    if (found === undefined) throw noBucket(name.bucket);
    return found;
  }

  /**
   * A grant is whose scope says; one that the caller does not see is not there.
   *
   * @throws Fault `notFound`, and `forbidden` for one that he sees and may not change
   */
  async grant<Name extends Seen>(
    id: string,
    look: (scope: string) => Promise<ScopeName & Name>,
  ): Promise<{ readonly name: BucketName & Name; readonly standing: Standing }> {
    const bucket = `grant:${id}`;
    const found = await this.#named(bucket);
    if (found === undefined) throw noBucket(bucket);
    const scope = await look(found.bucket.scope).catch((fault: unknown) => {
      throw fault instanceof Fault && fault.code === 'notFound' ? noBucket(bucket) : fault;
    });
    return { name: { ...scope, bucket, tier: Tier.SUPPLEMENTARY }, standing: found };
  }

  /** What a request of a user would touch. */
  async touchedBy(
    user: UserName & Seen,
    request: {
      readonly project: (ProjectName & Seen) | undefined;
      readonly departmentIds: readonly string[];
      readonly model: string;
    },
  ): Promise<readonly BucketBalance[]> {
    const { project, departmentIds, model } = request;
    const subject = {
      userId: user.userId,
      projectId: project?.projectId ?? '',
      departmentIds: [...departmentIds],
      model,
    };
    const answer = await withFieldNames(this.#ledger.getBalances({ tenant: this.#tenant, subject }));
    return answer.balances;
  }

  /** The buckets of one scope, or all that the caller sees. */
  async list(
    scope: (ScopeName & Seen) | undefined,
    page: Page,
  ): Promise<{ readonly balances: readonly Standing[]; readonly nextAfter: string }> {
    const isBounded = scope === undefined && !this.#reach.isWholeCompany;
    const seen = isBounded ? await this.#reach.scopes() : EVERY_SCOPE;
    if (isBounded && seen.size === 0) return { balances: [], nextAfter: '' };
    // More than the ledger takes are left out here, and pages may be short.
    const isAskable = seen.size <= SCOPES_MAX;
    const answer = await this.#ledger.listBalances({
      tenant: this.#tenant,
      scope: scope?.scope ?? '',
      scopes: isAskable ? [...seen] : [],
      bucket: '',
      page,
    });
    const all = answer.balances.map(standing).filter((each) => each !== undefined);
    const balances = isAskable ? all : all.filter(({ bucket }) => seen.has(bucket.scope));
    return { balances, nextAfter: answer.nextAfter };
  }

  async put(name: BucketName & Run, terms: BucketTerms, event: AuditEvent): Promise<Standing> {
    const { bucket, tier, scope } = name;
    const { limits, periodKind, validFromMs, validUntilMs, note } = terms;
    const given = { limits, periodKind, validFromMs, validUntilMs, note };
    const wanted = Bucket.create({ tenant: this.#tenant, bucket, tier, scope, ...given });
    return made((await withFieldNames(this.#ledger.putBucket({ bucket: wanted, event }))).bucket);
  }

  async close({ bucket }: BucketName & Run, event: AuditEvent): Promise<Standing> {
    return made((await this.#ledger.closeBucket({ tenant: this.#tenant, bucket, event })).bucket);
  }

  statement({ bucket }: BucketName & Seen, period: string, page: Page): Promise<ListEntriesResponse> {
    return this.#ledger.listEntries({ tenant: this.#tenant, bucket, period, page });
  }

  /** One's own, or of a user in sight; of users who are gone, for who runs the company. @throws Fault `notFound` */
  async receipt(reservationId: string): Promise<GetReceiptResponse & { readonly user: UserName & Seen }> {
    const missing = () => new Fault('notFound', 'There is no reservation with this id.');
    const receipt = await this.#ledger
      .getReceipt({ tenant: this.#tenant, reservationId })
      .catch((fault: unknown) => {
        throw fault instanceof Fault && fault.code === 'notFound' ? missing() : fault;
      });
    const user = await this.#reach
      .knownUser(receipt.reservation?.subject?.userId ?? '')
      .catch((fault: unknown) => {
        throw fault instanceof Fault && fault.code === 'notFound' ? missing() : fault;
      });
    return { ...receipt, user };
  }

  /** @throws Fault `forbidden` for who does not run the company */
  async reverse(reservationId: string, reason: string, event: AuditEvent): Promise<void> {
    this.#reach.mustRunCompany();
    await this.#ledger.reverse({ tenant: this.#tenant, reservationId, reason, event });
  }

  /** The ledger lists orders only; there are as many as somebody set. */
  async findOrder({ scope }: ScopeName & Seen): Promise<FundingOrder | undefined> {
    return (await this.#ordersOf([scope]))[0];
  }

  /** The orders that were set on the way to a user's requests, nearest last: that one holds. What is set above him is his to know. */
  ordersFor(
    user: UserName & Seen,
    project: (ProjectName & Seen) | undefined,
  ): Promise<readonly FundingOrder[]> {
    return this.#ordersOf([
      'company',
      ...user.departmentIds.map((id) => `department:${id}`),
      ...(project === undefined ? [] : [`project:${project.projectId}`]),
      `user:${user.userId}`,
    ]);
  }

  /** Those that there are, in the order of the scopes. */
  async #ordersOf(scopes: readonly string[]): Promise<FundingOrder[]> {
    const found = new Map<string, FundingOrder>();
    let after = '';
    do {
      const page = { after, limit: PAGE_ROWS };
      const { orders, nextAfter } = await this.#ledger.listFundingOrders({ tenant: this.#tenant, page });
      for (const order of orders) if (scopes.includes(order.scope)) found.set(order.scope, order);
      after = nextAfter;
    } while (after !== '' && found.size < scopes.length);
    return scopes.flatMap((scope) => found.get(scope) ?? []);
  }

  /** @throws Fault `forbidden` for who does not run the company */
  listOrders(page: Page): Promise<{ readonly orders: readonly FundingOrder[]; readonly nextAfter: string }> {
    this.#reach.mustRunCompany();
    return this.#ledger.listFundingOrders({ tenant: this.#tenant, page });
  }

  /** No tiers take the order away. */
  async putOrder(
    { scope }: ScopeName & Run,
    tiers: readonly Tier[],
    event: AuditEvent,
  ): Promise<FundingOrder> {
    const order = { scope, tiers: [...tiers] };
    const put = await withFieldNames(this.#ledger.putFundingOrder({ tenant: this.#tenant, order, event }));
    return put.order ?? order;
  }

  async policy(): Promise<Policy> {
    return Policy.create((await this.#ledger.getPolicy({ tenant: this.#tenant })).policy);
  }

  /** @throws Fault `forbidden` for who does not run the company */
  async putPolicy(policy: Policy, event: AuditEvent): Promise<Policy> {
    this.#reach.mustRunCompany();
    const put = await withFieldNames(this.#ledger.putPolicy({ tenant: this.#tenant, policy, event }));
    return Policy.create(put.policy);
  }

  async #named(bucket: string): Promise<Standing | undefined> {
    const page = { after: '', limit: 0 };
    const { balances } = await this.#ledger.listBalances({
      tenant: this.#tenant,
      bucket,
      scope: '',
      scopes: [],
      page,
    });
    return standing(balances.find((each) => each.bucket?.bucket === bucket));
  }
}

function standing(found: BucketBalance | undefined): Standing | undefined {
  return found?.bucket === undefined ? undefined : { ...found, bucket: found.bucket };
}

function made(answer: BucketBalance | undefined): Standing {
  const bucket = standing(answer);
  if (bucket === undefined) throw new Fault('internal', 'The ledger answered without a bucket.');
  return bucket;
}

function noBucket(bucket: string): Fault {
  return new Fault('notFound', `There is no bucket ${bucket}.`);
}
