// One run: a seed decides everything that happens, and every step is checked.

import { firstChanges, type HeldBucket, nextChange } from './actors/administrator.ts';
import { nextQuery } from './actors/auditor.ts';
import { EdgeHost, type Question } from './actors/edge-host.ts';
import { DELIVERY, LATENESS_MAX_MS, type Message, Network } from './actors/network.ts';
import { subjectOf, TENANTS, tenantOf } from './actors/people.ts';
import { nextAttempt } from './actors/stranger.ts';
import { Coverage } from './coverage.ts';
import { type Call, LedgerSite } from './ledger-site.ts';
import { oraclePeriodAt } from './oracle/calendar.ts';
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
const DAY_MS = 86_400_000;

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
  readonly #questions: Question[] = [];
  readonly #sweepMs: number;
  #inbox: Message[] = [];
  #lines: string[] = [];
  #isHealing = false;
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
    this.#sweepMs = random.whole(2, 20) * 1_000;
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
          isOver: (truth) => this.#isOver(truth.tenant, truth.reservationId),
        }),
    );
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
    this.#later(1, paceMs, 'a client asks', () => this.#ask());
    this.#later(1_000, 15_000, 'an administrator', () => this.#change());
    this.#later(500, 6_000, 'a stranger', () => this.#attempt());
    this.#later(2_000, 15_000, 'an auditor', () => this.#read());
    this.#later(5_000, 30_000, 'an edge', () => this.#breakEdge());
    this.#later(30_000, 120_000, 'time', () => this.#jump());
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
    const broken = this.#isHealing || this.step === 0 ? undefined : this.#breakLedger(calls);
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

  #ask(): void {
    const random = this.#random;
    const old =
      this.#questions.length > 0 && random.chance(0.12) ? random.pick(this.#questions.slice(-6)) : undefined;
    const question: Question =
      old === undefined
        ? {
            tenant: tenantOf(random),
            reservationId: `res_${this.#questions.length}`,
            subject: subjectOf(random),
            fingerprint: 'same',
          }
        : { ...old, fingerprint: random.chance(0.2) ? 'other' : 'same' };
    if (old === undefined) this.#questions.push(question);
    else this.#coverage.hit('edge.one id asked twice');
    const edge = random.pick(this.#edges);
    this.#trace(`  ${question.tenant} ${question.reservationId}${old === undefined ? '' : ' again'}`);
    edge.ask(question);
    if (random.chance(0.06)) random.pick(this.#edges).ask(question);
  }

  #change(): void {
    this.#network.post(nextChange(this.#random, this.#timeline.nowMs(), this.#heldOver()));
  }

  #attempt(): void {
    if (this.#questions.length === 0) return;
    const question = this.#random.pick(this.#heldNow() ?? this.#questions.slice(-30));
    const known = this.#site.companies.get(question.tenant)?.reservations.get(question.reservationId);
    const victim = {
      ...question,
      isOnRecord: known !== undefined,
      ownerToken: known?.state === 'HELD' ? known.ownerToken : '',
      hasCheckpoint: known !== undefined && known.checkpoint !== null,
      isOver: this.#isOver(question.tenant, question.reservationId),
    };
    this.#network.post(nextAttempt(this.#random, victim));
  }

  #read(): void {
    const company = this.#site.companies.get(tenantOf(this.#random));
    if (company === undefined) return;
    const replica = this.#random.whole(0, this.#site.replicaCount - 1);
    const query = nextQuery(this.#random, company, this.#site.rows, this.#timeline.nowMs());
    this.#coverage.hit(`query.${query.name}`);
    this.#inbox.push({ call: { ...query, replica }, onOutcome: () => {} });
  }

  /** Questions whose hold has a checkpoint, half of the time when there are such. */
  #heldNow(): readonly Question[] | undefined {
    if (this.#random.chance(0.5)) return undefined;
    const held = this.#questions.filter(({ tenant, reservationId }) => {
      const known = this.#site.companies.get(tenant)?.reservations.get(reservationId);
      return known?.state === 'HELD' && known.checkpoint !== null;
    });
    return held.length === 0 ? undefined : held;
  }

  /** A bucket that holds something in a period that is over. */
  #heldOver(): HeldBucket | undefined {
    const nowMs = this.#timeline.nowMs();
    for (const { tenant, reservations } of this.#site.companies.values()) {
      for (const { state, lines } of reservations.values()) {
        const line = state === 'HELD' && lines.find(({ endsAtMs }) => endsAtMs !== null && endsAtMs <= nowMs);
        if (line) return { tenant, bucket: line.bucket };
      }
    }
    return undefined;
  }

  #isOver(tenant: string, reservationId: string): boolean {
    const state = this.#site.companies.get(tenant)?.reservations.get(reservationId)?.state;
    return state !== undefined && state !== 'HELD' && state !== 'EXPIRED';
  }

  #breakEdge(): void {
    const random = this.#random;
    const edge = random.pick(this.#edges);
    const kind = random.weighted({ crash: 35, power: 15, vanish: 4, pause: 25, clock: 15 });
    this.#trace(`  edge${this.#edges.indexOf(edge)} ${kind}`);
    if (kind === 'pause') edge.pause(random.whole(30, 120) * 1_000);
    else if (kind === 'clock') edge.jumpClock(random.pick([-3_600_000, 3_600_000, 60_000, -60_000]));
    else {
      if (kind === 'crash') edge.crash();
      else if (kind === 'power') edge.losePower();
      else if (this.#edges.filter(({ isGone }) => !isGone).length > 1) edge.vanish();
      this.#restartLater(edge);
    }
  }

  /** Now and then it dies again at once, in the middle of ending what it was about. */
  #restartLater(edge: EdgeHost): void {
    const random = this.#random;
    this.#timeline.after(random.whole(1, 90) * 1_000, 'an edge comes up', () => {
      edge.restart();
      if (this.#isHealing || !random.chance(0.4)) return;
      this.#timeline.after(random.whole(1, 400), 'an edge dies again', () => {
        if (this.#isHealing) return;
        edge.crash();
        this.#restartLater(edge);
      });
    });
  }

  /** Hours or days in which nothing is asked, often up to a moment before midnight. */
  #jump(): void {
    const random = this.#random;
    const nowMs = this.#timeline.nowMs();
    this.#coverage.hit('time.jumped');
    const policy = this.#site.companies.get(tenantOf(random))?.policy;
    if (policy !== undefined && random.chance(0.6)) {
      const { endsAtMs } = oraclePeriodAt('DAY', nowMs, policy);
      this.#timeline.skipTo((endsAtMs ?? nowMs) - random.whole(1_000, 40_000));
      return;
    }
    const ms = random.pick([3_600_000, 8 * 3_600_000, DAY_MS, 8 * DAY_MS, 40 * DAY_MS]);
    this.#timeline.skipTo(nowMs + Math.floor(ms * random.fraction()));
  }

  /** Faults stop. What is under way ends, then time passes until every hold has expired and was swept. */
  async #heal(): Promise<void> {
    this.#isHealing = true;
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
        this.#raceSweep(replica);
        this.#sweepLater(replica);
      },
      DELIVERY,
    );
  }

  /** At the moment of a sweep another ledger hears the owner of a hold that is due. */
  #raceSweep(sweeper: number): void {
    const { replicaCount, companies } = this.#site;
    if (this.#isHealing || replicaCount < 2) return;
    const nowMs = this.#timeline.nowMs();
    for (const { tenant, reservations } of companies.values()) {
      for (const { reservationId, state, expiresAtMs, ownerToken } of reservations.values()) {
        if (state !== 'HELD' || expiresAtMs > nowMs || !this.#random.chance(0.5)) continue;
        const beat = { tenant, reservationId, ownerToken, ttlMs: 20_000n, used: undefined };
        const call: Call = {
          replica: (sweeper + 1) % replicaCount,
          name: 'a heartbeat at the last moment',
          tenants: [tenant],
          run: (to) => to.heartbeat({ beats: [beat] }),
          operations: [{ kind: 'beat', request: beat }],
        };
        this.#inbox.push({ call, onOutcome: () => {} });
        return;
      }
    }
  }

  /** Again and again until everything heals. */
  #later(minMs: number, maxMs: number, name: string, work: () => void): void {
    this.#timeline.after(this.#random.whole(minMs, maxMs), name, () => {
      if (this.#isHealing) return;
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
