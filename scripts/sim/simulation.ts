// One run: a seed decides everything that happens, and every step is checked.

import { firstChanges } from './actors/administrator.ts';
import { EdgeHost } from './actors/edge-host.ts';
import { DELIVERY, LATENESS_MAX_MS, type Message, Network } from './actors/network.ts';
import { TENANTS } from './actors/people.ts';
import type { Call } from './call.ts';
import { Coverage } from './coverage.ts';
import { Disturbances } from './disturbances.ts';
import { LedgerSite } from './ledger-site.ts';
import { type ProcessClock, replaceProcessClock } from './process-clock.ts';
import { Random } from './random.ts';
import type { StoreFault } from './store/ledger-database.ts';
import { Timeline } from './timeline.ts';
import { checkCharge, TruthBook } from './truth.ts';
import { textOf, Violation } from './violation.ts';

export interface RunOptions {
  readonly seed: number;
  /** Steps before everything heals. */
  readonly steps: number;
  /** Hears of every step. */
  readonly trace?: (line: string) => void;
}

export interface RunResult {
  readonly seed: number;
  readonly steps: number;
  readonly coverage: Coverage;
  readonly failure: RunFailure | undefined;
}

export interface RunFailure {
  readonly seed: number;
  readonly step: number;
  readonly invariant: string;
  readonly message: string;
  /** What was done in the step. */
  readonly operations: readonly string[];
  readonly rows: readonly string[];
}

const STEPS_MAX = 20_000;
const HOLD_TTL_MS = 60_000;
/** Messages that come this close to each other are taken together. */
const TOGETHER_MS_MAX = 25;
const TOGETHER_MAX = 12;

export async function runSeed(options: RunOptions): Promise<RunResult> {
  const coverage = new Coverage();
  const run = await Run.open(options, coverage);
  try {
    await run.toTheEnd();
    return { seed: options.seed, steps: run.step, coverage, failure: undefined };
  } catch (error) {
    return { seed: options.seed, steps: run.step, coverage, failure: run.failureOf(error) };
  } finally {
    await run.close();
  }
}

class Run {
  step = 0;
  readonly #options: RunOptions;
  readonly #coverage: Coverage;
  readonly #random: Random;
  readonly #timeline: Timeline;
  readonly #site: LedgerSite;
  readonly #network: Network;
  readonly #truths = new TruthBook();
  readonly #edges: EdgeHost[];
  readonly #disturbances: Disturbances;
  readonly #processClock: ProcessClock;
  readonly #sweepMs: number;
  #inbox: Message[] = [];
  #lines: string[] = [];
  #violation: Violation | undefined;

  private constructor(
    options: RunOptions,
    coverage: Coverage,
    random: Random,
    timeline: Timeline,
    site: LedgerSite,
  ) {
    this.#options = options;
    this.#coverage = coverage;
    this.#random = random;
    this.#timeline = timeline;
    this.#site = site;
    this.#processClock = replaceProcessClock(() => timeline.nowMs());
    this.#sweepMs = random.whole(2, 35) * 1_000;
    const replicas = site.replicaCount;
    this.#network = new Network({
      random,
      timeline,
      coverage,
      replicas,
      deliver: (message) => this.#inbox.push(message),
    });
    this.#edges = Array.from(
      { length: random.whole(2, 3) },
      (_, index) =>
        new EdgeHost({
          name: `edge${index}`,
          random,
          timeline,
          coverage,
          network: this.#network,
          truths: this.#truths,
          fail: (violation) => {
            this.#violation ??= violation;
          },
          isOver: (truth) => this.#disturbances.isOver(truth.tenant, truth.reservationId),
        }),
    );
    this.#disturbances = new Disturbances({
      random,
      timeline,
      coverage,
      site,
      network: this.#network,
      edges: this.#edges,
      processClock: this.#processClock,
      deliver: (message) => this.#inbox.push(message),
      trace: (line) => this.#trace(line),
    });
  }

  static async open(options: RunOptions, coverage: Coverage): Promise<Run> {
    const random = new Random(options.seed);
    const timeline = new Timeline(
      Date.UTC(2026, random.whole(0, 23), random.whole(1, 28), random.whole(0, 23)),
    );
    const lines: { trace: (line: string) => void } = { trace: () => {} };
    const site = await LedgerSite.open({
      replicas: random.whole(1, 3),
      tenants: TENANTS,
      random,
      timeline,
      coverage,
      trace: (line) => lines.trace(line),
    });
    const run = new Run(options, coverage, random, timeline, site);
    lines.trace = (line) => run.#trace(line);
    return run;
  }

  async toTheEnd(): Promise<void> {
    for (const tenant of TENANTS) {
      for (const change of firstChanges(this.#random, tenant))
        await this.#handle([{ ...change, replica: 0 }]);
    }
    for (let replica = 0; replica < this.#site.replicaCount; replica += 1) this.#sweepLater(replica);
    const paceMs = this.#random.whole(800, 6_000);
    this.#later(1, paceMs, 'a client asks', () => this.#disturbances.ask());
    this.#later(1_000, 15_000, 'an administrator', () => this.#disturbances.change());
    this.#later(500, 6_000, 'a stranger', () => this.#disturbances.attempt());
    this.#later(2_000, 15_000, 'an auditor', () => this.#disturbances.read());
    this.#later(5_000, 30_000, 'an edge', () => this.#disturbances.breakEdge());
    this.#later(30_000, 120_000, 'time', () => this.#disturbances.jump());
    while (this.step < this.#options.steps) await this.#next();
    await this.#heal();
  }

  failureOf(error: unknown): RunFailure {
    const { seed } = this.#options;
    const isViolation = error instanceof Violation;
    return {
      seed,
      step: this.step,
      invariant: isViolation ? error.invariant : 'none',
      message: isViolation
        ? error.message
        : error instanceof Error
          ? (error.stack ?? error.message)
          : String(error),
      operations: this.#lines,
      rows: isViolation ? error.rows.map(textOf) : [],
    };
  }

  close(): Promise<void> {
    this.#processClock.restore();
    return this.#site.close();
  }

  /** Takes the next event, and with a message those that come with it. */
  async #next(): Promise<boolean> {
    const event = this.#timeline.take();
    if (event === undefined) return false;
    this.step += 1;
    if (this.step > STEPS_MAX) throw new Error('the run does not end');
    this.#lines = [];
    this.#trace(`${this.step} ${new Date(event.atMs).toISOString()} ${event.name}`);
    await event.run();
    if (event.group === DELIVERY) {
      const untilMs = event.atMs + this.#random.whole(0, TOGETHER_MS_MAX);
      while (this.#inbox.length < TOGETHER_MAX) {
        const other = this.#timeline.takeOf(DELIVERY, untilMs);
        if (other === undefined) break;
        await other.run();
      }
    }
    while (this.#inbox.length > 0) await this.#flush();
    await turn();
    if (this.#violation !== undefined) throw this.#violation;
    return true;
  }

  /** Hands the messages that arrived to their ledgers; one that has to be alone waits for its turn. */
  async #flush(): Promise<void> {
    const isAlone = ({ call }: Message) => call.apply !== undefined || call.isAlone === true;
    const until = this.#inbox.findIndex(isAlone);
    const size = until === 0 ? 1 : until === -1 ? this.#inbox.length : until;
    const busy = new Map<number, 'sweep' | 'calls'>();
    const messages: Message[] = [];
    const waiting: Message[] = [];
    for (const message of this.#inbox.splice(0, size)) {
      const { replica, operations } = message.call;
      const kind = operations === undefined && size > 1 ? 'sweep' : 'calls';
      const before = busy.get(replica);
      // A sweep finds out by itself what it does, so nothing else may be done by the same ledger.
      if (before === 'sweep' || (kind === 'sweep' && before !== undefined)) waiting.push(message);
      else {
        busy.set(replica, kind);
        messages.push(message);
      }
    }
    this.#inbox = [...waiting, ...this.#inbox];
    const outcomes = await this.#handle(messages.map(({ call }) => call));
    for (const [index, message] of messages.entries()) {
      const outcome = outcomes[index];
      if (outcome !== undefined) message.onOutcome(outcome);
    }
  }

  async #handle(calls: readonly Call[]) {
    const { length } = new Set(calls.map(({ replica }) => replica)).values().toArray();
    if (length > 1) this.#coverage.hit('store.several ledgers at once');
    for (const call of calls) this.#trace(`  ledger${call.replica} ${call.name}`);
    const broken = this.#disturbances.isHealing || this.step === 0 ? undefined : this.#breakLedger(calls);
    const outcomes = await this.#site.handle(calls);
    if (broken === undefined || !broken.isDying) return outcomes;
    this.#coverage.hit('fault.ledger: died');
    this.#site.restart(broken.replica);
    return outcomes.map((outcome, index) =>
      calls[index]?.replica === broken.replica ? ({ isLost: true } as const) : outcome,
    );
  }

  #breakLedger(calls: readonly Call[]): { readonly replica: number; readonly isDying: boolean } | undefined {
    const random = this.#random;
    if (!random.chance(0.08)) return undefined;
    const { replica } = random.pick(calls);
    const isDying = random.chance(0.3);
    const kind = random.weighted({
      refused: 2,
      statementFails: 4,
      failsBeforeCommit: 4,
      commitUnanswered: 5,
      flushFails: 2,
      none: isDying ? 3 : 0,
    });
    const after = random.chance(0.3) ? random.whole(1, 2) : 0;
    if (kind === 'statementFails')
      this.#site.breakNext(replica, { kind, statement: random.whole(1, 8) }, after);
    else if (kind !== 'none') this.#site.breakNext(replica, { kind } as StoreFault, after);
    this.#trace(`  ledger${replica}: ${kind}${isDying ? ', dies' : ''}`);
    return { replica, isDying };
  }

  /** Faults stop. What is under way ends, then time passes until every hold has expired and was swept. */
  async #heal(): Promise<void> {
    this.#disturbances.isHealing = true;
    this.#network.isFaulty = false;
    for (const edge of this.#edges) edge.heal();
    const quietMs = this.#timeline.nowMs() + LATENESS_MAX_MS + 4 * HOLD_TTL_MS;
    while (this.#timeline.nowMs() < quietMs) if (!(await this.#next())) break;
    const endMs = this.#timeline.nowMs() + HOLD_TTL_MS + 2 * this.#sweepMs;
    while (this.#timeline.nowMs() < endMs) if (!(await this.#next())) break;
    const held = this.#site.rows.held();
    if (held.length > 0) throw new Violation('I8', 'something is still held after everything healed', held);
    for (const truth of this.#truths.all()) {
      const stored = this.#site.rows.reservations.get(`${truth.tenant}\0${truth.reservationId}`);
      this.#coverage.hit(`charge.${checkCharge(truth, stored)}`);
    }
  }

  #sweepLater(replica: number): void {
    this.#timeline.after(
      this.#sweepMs,
      `ledger${replica} sweeps`,
      () => {
        const run: Call['run'] = (ledger) => ledger.expireDueHolds();
        this.#inbox.push({ call: { replica, name: 'sweep', tenants: TENANTS, run }, onOutcome: () => {} });
        this.#disturbances.raceSweep(replica);
        this.#sweepLater(replica);
      },
      DELIVERY,
    );
  }

  /** Again and again until everything heals. */
  #later(minMs: number, maxMs: number, name: string, work: () => void): void {
    this.#timeline.after(this.#random.whole(minMs, maxMs), name, () => {
      if (this.#disturbances.isHealing) return;
      work();
      this.#later(minMs, maxMs, name, work);
    });
  }

  #trace(line: string): void {
    this.#lines.push(line);
    this.#options.trace?.(line);
  }
}

/** Lets everything run that waits for nothing but its turn. */
async function turn(): Promise<void> {
  for (let turns = 0; turns < 3; turns += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}
