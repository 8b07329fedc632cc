// The ledgers under test, one to three processes on one database, and everything that is checked of them. What arrives
// together runs together; when all of it has ended, the oracle repeats it in the order of the commits, and rows and answers
// have to agree.

import type * as contracts from '@ai-switch/contracts';
import { openDatabase } from '@ai-switch/db';
import { Fault } from '@ai-switch/kernel';
import { Ledger, type LedgerSchema, migrations } from '@ai-switch/quota-ledger';
import { createLogger } from '@ai-switch/telemetry';
import type { CompiledQuery } from 'kysely';
import type { Call, Outcome } from './call.ts';
import {
  type Answer,
  checkAnswer,
  checkStoredBalance,
  checkStoredReservation,
} from './checks/oracle-checks.ts';
import { type ChangedRow, RowChecks } from './checks/row-checks.ts';
import type { Coverage } from './coverage.ts';
import { type Company, companyOf, newCompany } from './oracle/company.ts';
import { balanceUnder, impliedBucket } from './oracle/plan.ts';
import type { Random } from './random.ts';
import { type Repeated, repeatCommits } from './repeat-commits.ts';
import { ChangeLog } from './store/change-log.ts';
import { type Commit, openLedgerDatabase, type StoreFault } from './store/ledger-database.ts';
import { SharedStore } from './store/shared-store.ts';
import type { Timeline } from './timeline.ts';
import { Violation } from './violation.ts';

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
    const due = await this.#log.dueHolds(this.#nowMs());
    const results = await Promise.allSettled(
      calls.map(async (call) => {
        const replica = this.#replicas[call.replica];
        if (replica === undefined) throw new Error(`there is no ledger ${call.replica}`);
        return await call.run(replica.ledger);
      }),
    );
    const failed = new Set(calls.filter((_, index) => isUnavailable(results[index])));
    const { companies } = this;
    const { coverage, trace } = this.#options;
    const nowMs = this.#nowMs();
    const commits = this.#commits;
    const expected = repeatCommits({ calls, commits, due, failed, companies, nowMs, coverage, trace });
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
      checkStoredReservation(companyOf(this.companies, tenant), id, this.rows.reservations.get(key));
    }
    for (const key of balances) {
      const [tenant = '', bucket = '', period = ''] = key.split('\0');
      const company = companyOf(this.companies, tenant);
      // A row that was made for an operation that failed is what the next one would make.
      balanceUnder(company, { bucket, period } as Parameters<typeof balanceUnder>[1]);
      checkStoredBalance(company, `${bucket}\0${period}`, this.rows.balances.get(key));
    }
  }

  /** A bucket that everybody has may be made for an operation that fails then. */
  #adopt([tenant = '', id = '']: readonly string[]): void {
    const { buckets } = companyOf(this.companies, tenant);
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
    const wanted = expected[0]?.fault ?? call.refusalFor?.(companyOf(this.companies, call.tenants[0] ?? ''));
    if (wanted !== undefined && wanted === code) return;
    throw new Violation('I5', `${call.name} failed as ${code} where ${wanted ?? 'no fault'} was due`, [
      {
        message: error instanceof Error ? error.message : error,
        cause: String((error as Error).cause ?? ''),
      },
    ]);
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

  #nowMs(): number {
    return this.#options.timeline.nowMs();
  }
}

function newLedger(database: ReturnType<typeof openLedgerDatabase>): Ledger {
  return new Ledger({ database, logger });
}

function isUnavailable(result: PromiseSettledResult<unknown> | undefined): boolean {
  return (
    result?.status === 'rejected' && result.reason instanceof Fault && result.reason.code === 'unavailable'
  );
}
