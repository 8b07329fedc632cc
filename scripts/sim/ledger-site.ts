// The ledgers under test, one to three processes on one database, and everything that is checked of them. What arrives
// together runs together; when all of it has ended, the oracle repeats it in the order of the commits, and rows and answers
// have to agree.

import type * as contracts from '@ai-switch/contracts';
import { openDatabase } from '@ai-switch/db';
import { Fault, type FaultCode } from '@ai-switch/kernel';
import { Ledger, type LedgerSchema, migrations } from '@ai-switch/quota-ledger';
import { createLogger } from '@ai-switch/telemetry';
import type { CompiledQuery } from 'kysely';
import {
  type Answer,
  checkAnswer,
  checkStoredBalance,
  checkStoredReservation,
} from './checks/oracle-checks.ts';
import { type ChangedRow, RowChecks } from './checks/row-checks.ts';
import type { Coverage } from './coverage.ts';
import { casesOf } from './oracle/cases.ts';
import { type Company, newCompany } from './oracle/company.ts';
import { type Expected, expect, type Operation } from './oracle/decide.ts';
import { balanceUnder, impliedBucket } from './oracle/plan.ts';
import type { Random } from './random.ts';
import { ChangeLog } from './store/change-log.ts';
import { type Commit, openLedgerDatabase, type StoreFault } from './store/ledger-database.ts';
import { SharedStore } from './store/shared-store.ts';
import type { Timeline } from './timeline.ts';
import { Violation } from './violation.ts';

/** Something that a ledger is asked. */
export interface Call {
  readonly replica: number;
  /** For the trace. */
  readonly name: string;
  readonly tenants: readonly string[];
  readonly run: (ledger: Ledger) => Promise<unknown>;
  /** What it asks of reservations, in order; undefined for a sweep, which finds that out itself. */
  readonly operations?: readonly Operation[];
  /** The fault that must answer it, whatever is on record. */
  readonly refusal?: FaultCode;
  /** The fault that must answer it as things stand. */
  readonly refusalFor?: (company: Company) => FaultCode | undefined;
  /** Repeats a change of settings in the oracle, once it is committed. */
  readonly apply?: (company: Company, nowMs: number) => void;
  /** Nothing else runs with it. */
  readonly isAlone?: boolean;
  /** Looks at the answer of a query. */
  readonly inspect?: (answer: unknown) => void;
}

export type Outcome = { readonly answer: unknown } | { readonly fault: Fault } | { readonly isLost: true };

/** What the oracle expects of one operation of a call. */
type Repeated = Expected & { readonly tenant: string };

export interface LedgerSiteOptions {
  readonly replicas: number;
  readonly tenants: readonly string[];
  readonly random: Random;
  readonly timeline: Timeline;
  readonly coverage: Coverage;
  readonly trace: (line: string) => void;
}

interface Replica {
  readonly database: ReturnType<typeof openLedgerDatabase>;
  ledger: Ledger;
  fault: StoreFault | undefined;
  /** Transactions that go well before it. */
  faultAfter: number;
  isFlushFailing: boolean;
  hasMetFault: boolean;
}

const logger = createLogger({ service: 'simulation', level: 'silent' });

export class LedgerSite {
  readonly companies: ReadonlyMap<string, Company>;
  readonly rows = new RowChecks();
  readonly #options: LedgerSiteOptions;
  readonly #store: SharedStore;
  readonly #log: ChangeLog;
  readonly #replicas: readonly Replica[];
  #commits: Commit[] = [];

  private constructor(options: LedgerSiteOptions, store: SharedStore, log: ChangeLog) {
    this.#options = options;
    this.#store = store;
    this.#log = log;
    this.companies = new Map(options.tenants.map((tenant) => [tenant, newCompany(tenant)]));
    this.#replicas = Array.from({ length: options.replicas }, (_, replica) => this.#open(replica));
  }

  static async open(options: LedgerSiteOptions): Promise<LedgerSite> {
    const backend = await openDatabase<LedgerSchema>({
      url: 'sqlite::memory:',
      schema: 'quota_ledger',
      migrations,
    });
    const log = await ChangeLog.open(backend);
    return new LedgerSite(options, new SharedStore(backend, options.random), log);
  }

  get replicaCount(): number {
    return this.#replicas.length;
  }

  async close(): Promise<void> {
    const { waits, deadlocks } = this.#store.met;
    this.#options.coverage.hit('store.a transaction waited for another', waits);
    if (deadlocks > 0) this.#options.coverage.hit('store.a deadlock was broken', deadlocks);
    await this.#store.backend.close();
  }

  /** Changes rows behind the ledger's back, for the tests of the checks. */
  async spoil(query: CompiledQuery): Promise<void> {
    await this.#store.backend.kysely.executeQuery(query);
  }

  /** What befalls the next transaction of a ledger, or one behind it, if it comes in the next step. */
  breakNext(replica: number, fault: StoreFault, after: number): void {
    const broken = this.#replicas[replica];
    if (broken === undefined) return;
    broken.fault = fault;
    broken.faultAfter = after;
  }

  /** A process that dies and comes up again: what it had in memory is gone. */
  restart(replica: number): void {
    const old = this.#replicas[replica];
    if (old !== undefined) old.ledger = newLedger(old.database);
  }

  /** Asks all of it at the same moment. @returns the outcomes, in order */
  async handle(calls: readonly Call[]): Promise<readonly Outcome[]> {
    this.#commits = [];
    const due = await this.#dueHolds();
    const results = await Promise.allSettled(
      calls.map(async (call) => {
        const replica = this.#replicas[call.replica];
        if (replica === undefined) throw new Error(`there is no ledger ${call.replica}`);
        return await call.run(replica.ledger);
      }),
    );
    const failed = new Set(calls.filter((_, index) => isUnavailable(results[index])));
    const expected = this.#repeat(calls, due, failed);
    const changes = await this.#changes();
    this.rows.check(changes, new Set(calls.flatMap(({ tenants }) => tenants)), this.#nowMs());
    this.#compareRows(changes, expected);
    const outcomes = results.map((result, index): Outcome => {
      const call = calls[index];
      if (call === undefined) throw new Error('an answer without its call');
      if (result.status === 'fulfilled') {
        this.#checkAnswer(call, result.value, expected.get(call) ?? []);
        return { answer: result.value };
      }
      this.#checkFault(call, result.reason, expected.get(call) ?? []);
      return { fault: result.reason as Fault };
    });
    for (const replica of this.#replicas) {
      replica.fault = undefined;
      replica.isFlushFailing = false;
      replica.hasMetFault = false;
    }
    return outcomes;
  }

  /** The oracle does what was committed, in that order. */
  #repeat(
    calls: readonly Call[],
    due: readonly string[],
    failed: ReadonlySet<Call>,
  ): Map<Call, (Repeated | undefined)[]> {
    const expected = new Map<Call, (Repeated | undefined)[]>();
    for (const commit of inEffect(this.#commits)) {
      const { replica, reservations } = commit;
      const isRerun = this.#commits
        .slice(this.#commits.indexOf(commit) + 1)
        .some((later) => later.replica === replica && areEqual(later.reservations, reservations));
      const here = calls.filter((call) => call.replica === replica);
      if (reservations.length === 0) {
        for (const call of here) this.#apply(call, commit);
        continue;
      }
      // A batch that missed a balance wrote nothing and ran again.
      if (isRerun) {
        if (commit.hasWritten) throw new Violation('I5', 'a batch was written twice', [commit]);
        continue;
      }
      const named = new Set(reservations);
      // One that missed a balance and could not be run again changed nothing either.
      const concerned = here.filter(
        ({ operations }) => operations === undefined || operations.some((each) => named.has(keyOf(each))),
      );
      if (!commit.hasWritten && concerned.every((call) => failed.has(call))) continue;
      for (const call of concerned) {
        const list = expected.get(call) ?? [];
        expected.set(call, list);
        const operations = call.operations ?? sweepOf(due.filter((key) => named.has(key)));
        for (const [place, operation] of operations.entries()) {
          if (!named.has(keyOf(operation))) continue;
          list[place] = this.#expect(operation);
        }
      }
    }
    return expected;
  }

  #apply(call: Call, { hasWritten }: Commit): void {
    if (call.apply === undefined || !hasWritten) return;
    for (const tenant of call.tenants) call.apply(this.#company(tenant), this.#nowMs());
  }

  #expect(operation: Operation): Repeated {
    const { coverage, trace } = this.#options;
    const company = this.#company(operation.request.tenant);
    const before = company.reservations.get(operation.request.reservationId)?.state ?? 'ABSENT';
    for (const name of casesOf(company, operation, this.#nowMs())) coverage.hit(`case.${name}`);
    const expected = expect(company, operation, this.#nowMs());
    const after = company.reservations.get(operation.request.reservationId)?.state ?? 'ABSENT';
    coverage.hit(`operation.${operation.kind}: ${expected.outcome}`);
    if (before !== after) coverage.hit(`state.${before} -> ${after}`);
    trace(
      `    ${operation.kind} ${operation.request.reservationId}: ${expected.outcome} (${before} -> ${after})`,
    );
    return { ...expected, tenant: company.tenant };
  }

  async #changes(): Promise<readonly ChangedRow[]> {
    const changes: ChangedRow[] = [];
    for (const change of await this.#log.take()) {
      changes.push({ ...change, row: await this.#log.read(change.table, change.key) });
    }
    return changes;
  }

  /** Everything that changed, and everything that should have. */
  #compareRows(
    changes: readonly ChangedRow[],
    expected: ReadonlyMap<Call, readonly (Repeated | undefined)[]>,
  ): void {
    const reservations = new Set<string>();
    const balances = new Set<string>();
    for (const { table, key } of changes) {
      if (table === 'reservation') reservations.add(key.join('\0'));
      if (table === 'balance') balances.add(key.join('\0'));
      if (table === 'bucket') this.#adopt(key);
    }
    for (const list of expected.values()) {
      for (const each of list) {
        if (each?.reservation === undefined) continue;
        const { tenant } = each;
        reservations.add(`${tenant}\0${each.reservation.reservationId}`);
        if (each.reservation.state === 'REJECTED') continue;
        for (const line of each.reservation.lines) balances.add(`${tenant}\0${line.bucket}\0${line.period}`);
      }
    }
    for (const key of reservations) {
      const [tenant = '', id = ''] = key.split('\0');
      checkStoredReservation(this.#company(tenant), id, this.rows.reservations.get(key));
    }
    for (const key of balances) {
      const [tenant = '', bucket = '', period = ''] = key.split('\0');
      const company = this.#company(tenant);
      // A row that was made for an operation that failed is what the next one would make.
      balanceUnder(company, { bucket, period } as Parameters<typeof balanceUnder>[1]);
      checkStoredBalance(company, `${bucket}\0${period}`, this.rows.balances.get(key));
    }
  }

  /** A bucket that everybody has may be made for an operation that fails then. */
  #adopt([tenant = '', id = '']: readonly string[]): void {
    const { buckets } = this.#company(tenant);
    if (!buckets.has(id)) buckets.set(id, impliedBucket(id));
  }

  #checkAnswer(call: Call, answer: unknown, expected: readonly (Repeated | undefined)[]): void {
    if (call.refusal !== undefined) {
      throw new Violation('I5', `${call.name} was answered where it has to be refused as ${call.refusal}`, [
        answer,
      ]);
    }
    call.inspect?.(answer);
    if (call.operations === undefined) return;
    for (const [index, operation] of call.operations.entries()) {
      const each = expected[index];
      if (each === undefined)
        throw new Violation('I5', `${call.name} was answered and never committed`, [answer]);
      if (operation.kind === 'beat') {
        const pulse = (answer as contracts.HeartbeatResponse).pulses[index];
        const state = each.fault === undefined ? (each.reservation?.state ?? '') : 'UNSPECIFIED';
        if (pulse?.state !== `RESERVATION_STATE_${state}`) {
          throw new Violation('I5', 'a heartbeat was told another state', [
            { wanted: state },
            { found: pulse },
          ]);
        }
      } else if (each.fault !== undefined) {
        throw new Violation(
          each.fault === 'forbidden' ? 'I13' : 'I5',
          `${call.name} has to fail: ${each.outcome}`,
          [answer],
        );
      } else checkAnswer(call.name, each, answer as Answer);
    }
  }

  #checkFault(call: Call, error: unknown, expected: readonly (Repeated | undefined)[]): void {
    const { coverage, trace } = this.#options;
    const code = error instanceof Fault ? error.code : String(error);
    trace(`    ${call.name} failed: ${code}`);
    if (call.refusal === code) {
      coverage.hit(`refusal.${code}: ${call.name}`);
      return;
    }
    if (code === 'unavailable' && this.#replicas[call.replica]?.hasMetFault === true) return;
    const wanted = expected[0]?.fault ?? call.refusalFor?.(this.#company(call.tenants[0] ?? ''));
    if (wanted !== undefined && wanted === code) return;
    throw new Violation('I5', `${call.name} failed as ${code} where ${wanted ?? 'no fault'} was due`, [
      {
        message: error instanceof Error ? error.message : error,
        cause: String((error as Error).cause ?? ''),
      },
    ]);
  }

  #dueHolds(): Promise<readonly string[]> {
    return this.#log.dueHolds(this.#nowMs());
  }

  #open(replica: number): Replica {
    const { timeline, coverage } = this.#options;
    const database = openLedgerDatabase({
      store: this.#store,
      replica,
      nowMs: () => timeline.nowMs(),
      nextFault: () => {
        const opened = this.#replicas[replica];
        const fault = opened?.fault;
        if (opened === undefined || fault === undefined) return undefined;
        if (opened.faultAfter > 0) {
          opened.faultAfter -= 1;
          return undefined;
        }
        opened.fault = undefined;
        opened.isFlushFailing = fault.kind === 'flushFails';
        opened.hasMetFault = true;
        coverage.hit(`fault.store: ${fault.kind}`);
        return fault;
      },
      isFlushFailing: () => this.#replicas[replica]?.isFlushFailing === true,
      commitCount: () => this.#commits.length,
      onCommit: (commit) => this.#commits.push(commit),
      onConflict: () => coverage.hit('store.a transaction ran again after a conflict'),
    });
    return {
      database,
      ledger: newLedger(database),
      fault: undefined,
      faultAfter: 0,
      isFlushFailing: false,
      hasMetFault: false,
    };
  }

  #company(tenant: string): Company {
    const company = this.companies.get(tenant);
    if (company === undefined) throw new Violation('I12', `there is no company ${tenant}`);
    return company;
  }

  #nowMs(): number {
    return this.#options.timeline.nowMs();
  }
}

function newLedger(database: ReturnType<typeof openLedgerDatabase>): Ledger {
  return new Ledger({ database, logger });
}

/** By when they took effect: one that wrote nothing, when it read. */
function inEffect(commits: readonly Commit[]): readonly Commit[] {
  const place = (commit: Commit) => (commit.hasWritten ? commits.indexOf(commit) : commit.readAfter - 0.5);
  return commits.toSorted((one, other) => place(one) - place(other));
}

function isUnavailable(result: PromiseSettledResult<unknown> | undefined): boolean {
  return (
    result?.status === 'rejected' && result.reason instanceof Fault && result.reason.code === 'unavailable'
  );
}

function keyOf({ request }: Operation): string {
  return `${request.tenant}\0${request.reservationId}`;
}

function sweepOf(keys: readonly string[]): readonly Operation[] {
  return keys.map((key) => {
    const [tenant = '', reservationId = ''] = key.split('\0');
    return { kind: 'expire', request: { tenant, reservationId } };
  });
}

function areEqual(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((key, index) => key === other[index]);
}
