// One edge: the walk of each request around the holds under test, with a provider that delivers in pieces. The process may
// die and come up again on its disk, stand still for a minute, or have a clock that is an hour off.

import type { Amounts, Reservation, Subject } from '@ai-switch/contracts';
import { type Hold, Holds, Spool, type Wanted } from '@ai-switch/edge-gateway';
import { asFault } from '@ai-switch/kernel';
import { createLogger } from '@ai-switch/telemetry';
import type { Coverage } from '../coverage.ts';
import { amountsOf, minus, most, plus, smaller, vectorOf, ZERO } from '../oracle/vector.ts';
import type { Random } from '../random.ts';
import type { Timeline } from '../timeline.ts';
import type { Truth, TruthBook } from '../truth.ts';
import { Violation } from '../violation.ts';
import { askedAmounts, pieceOf } from './amounts.ts';
import { Disk } from './disk.ts';
import type { Network } from './network.ts';

export interface EdgeHostOptions {
  readonly name: string;
  readonly random: Random;
  readonly timeline: Timeline;
  readonly coverage: Coverage;
  readonly network: Network;
  readonly truths: TruthBook;
  /** Hears of what must never be. */
  readonly fail: (violation: Violation) => void;
  /** Whether its charge is final. */
  readonly isOver: (truth: Truth) => boolean;
}

/** What a client asks. */
export interface Question {
  readonly tenant: string;
  readonly reservationId: string;
  readonly subject: Subject;
  readonly fingerprint: string;
}

const BEAT_INTERVAL_MS = 10_000;
const HOLD_TTL_MS = 60_000;

const logger = createLogger({ service: 'simulation', level: 'silent' });

export class EdgeHost {
  readonly #options: EdgeHostOptions;
  readonly #disk: Disk;
  /** Requests that came here. */
  readonly #asked = new Set<Truth>();
  #holds: Holds;
  /** Counts the processes; what an earlier one waits for never comes. */
  #life = 1;
  #isUp = true;
  #isGone = false;
  #pausedUntilMs = 0;
  #tokens = 0;
  #dispatches = 0;

  constructor(options: EdgeHostOptions) {
    this.#options = options;
    this.#disk = new Disk(options.timeline);
    this.#holds = this.#start();
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** A client's request arrives; it is refused when nobody is there. */
  ask(question: Question): void {
    if (!this.#isUp) return;
    void this.#walk(question, this.#life);
  }

  crash(): void {
    if (!this.#isUp) return;
    this.#options.coverage.hit('fault.edge: killed');
    this.#stop();
  }

  /** As a crash, and what had not reached the disk is lost. */
  losePower(): void {
    if (!this.#isUp) return;
    this.#options.coverage.hit('fault.edge: power lost');
    this.#stop();
    if (!this.#disk.tear(this.#options.random)) return;
    this.#options.coverage.hit('fault.edge: torn spool');
    this.#excuse('the end of the spool was lost');
  }

  /** It never comes back, nor does its disk. */
  vanish(): void {
    if (this.#isGone) return;
    this.#options.coverage.hit('fault.edge: lost with its disk');
    if (this.#isUp) this.#stop();
    this.#isGone = true;
    this.#excuse('the edge is lost with its disk');
  }

  restart(): void {
    if (this.#isUp || this.#isGone) return;
    this.#isUp = true;
    this.#holds = this.#start();
    void this.#holds.replay();
  }

  fillDisk(forMs: number): void {
    this.#options.coverage.hit('fault.edge: disk full');
    this.#disk.fill(forMs);
  }

  pause(forMs: number): void {
    this.#options.coverage.hit('fault.edge: paused');
    this.#pausedUntilMs = this.#options.timeline.nowMs() + forMs;
  }

  /** Everything well again. */
  heal(): void {
    this.#pausedUntilMs = 0;
    this.#disk.empty();
    this.restart();
  }

  /** What is not settled yet may now be charged otherwise. */
  #excuse(excuse: string): void {
    for (const truth of this.#asked) {
      if (this.#options.isOver(truth)) this.#asked.delete(truth);
      else truth.excuse = excuse;
    }
  }

  #stop(): void {
    if (this.#disk.hasLost) this.#excuse('the end of the spool was lost');
    this.#disk.hasLost = false;
    this.#isUp = false;
    this.#life += 1;
  }

  #start(): Holds {
    const { name, network, timeline } = this.#options;
    const life = this.#life;
    const isAlive = () => this.#life === life;
    const holds = new Holds({
      ledger: network.ledgerFor(name, isAlive),
      spool: new Spool({ file: this.#disk.open(isAlive), logger }),
      logger,
      settings: { holdTtlMs: HOLD_TTL_MS, heartbeatMs: BEAT_INTERVAL_MS },
      sleep: (delayMs) => this.#sleep(delayMs, life),
      random: () => this.#options.random.fraction(),
      newOwnerToken: () => {
        this.#tokens += 1;
        return `${name}-${this.#tokens}`;
      },
      recordLeft: () => {},
    });
    const every = (intervalMs: number, what: string, work: () => void) => {
      const again = () => {
        if (!isAlive()) return;
        if (timeline.nowMs() >= this.#pausedUntilMs) work();
        timeline.after(intervalMs, `${name} ${what}`, again);
      };
      timeline.after(intervalMs, `${name} ${what}`, again);
    };
    every(BEAT_INTERVAL_MS, 'beats', () => void holds.beat());
    return holds;
  }

  /** Resolves that much later, if the process still lives then and is not paused; else after the pause, or never. */
  #sleep(delayMs: number, life: number): Promise<void> {
    const { timeline, name } = this.#options;
    return new Promise((resolve) => {
      const wake = () => {
        if (this.#life !== life) return;
        const pausedMs = this.#pausedUntilMs - timeline.nowMs();
        if (pausedMs > 0) timeline.after(pausedMs, `${name} comes out of its pause`, wake);
        else resolve();
      };
      timeline.after(delayMs, `${name} goes on`, wake);
    });
  }

  async #walk(question: Question, life: number): Promise<void> {
    const { random, truths, coverage } = this.#options;
    const { tenant, reservationId, subject, fingerprint } = question;
    const truth = truths.of(tenant, reservationId, subject);
    this.#asked.add(truth);
    const amounts = askedAmounts(random);
    const promptCost = smaller(amounts.cost, amounts.input);
    const promptEstimate = { ...NOTHING, input: amounts.input, cost: promptCost };
    truth.asked = plus(truth.asked, vectorOf(amounts));
    const wanted: Wanted = {
      tenant,
      reservationId,
      subject,
      amounts,
      promptEstimate,
      fingerprint,
      priceVersion: 'p1',
    };
    try {
      const { hold, reservation } = await this.#holds.open(wanted);
      if (hold === undefined) coverage.hit(`edge.not held: ${stateOf(reservation)}`);
      else {
        coverage.hit('edge.held');
        await this.#answer(hold, wanted, truth, life);
      }
    } catch (error) {
      if (error instanceof Violation) this.#options.fail(error);
      coverage.hit(`edge.refused: ${asFault(error).code}`);
    }
  }

  async #answer(hold: Hold, wanted: Wanted, truth: Truth, life: number): Promise<void> {
    const { random, truths, coverage } = this.#options;
    const ending = random.weighted({
      completed: 50,
      clientGone: 12,
      cut: 12,
      upstreamFailed: 8,
      unused: 10,
    });
    await this.#sleep(random.whole(1, 400), life);
    if (ending === 'unused') {
      coverage.hit('edge.released');
      await hold.release();
      return;
    }
    try {
      hold.dispatching(() => '');
    } catch (error) {
      await hold.release();
      throw error;
    }
    this.#dispatches += 1;
    truths.dispatch(truth, `${this.#options.name} ${this.#dispatches}`);
    hold.isDispatched = true;
    // The provider reads the prompt at once; how long it really is stands in the first piece.
    truth.delivered = vectorOf(wanted.promptEstimate);
    const pieces = ending === 'upstreamFailed' ? 0 : random.whole(ending === 'completed' ? 1 : 0, 7);
    for (let piece = 0; piece < pieces; piece += 1) {
      await this.#sleep(random.chance(0.1) ? random.whole(5_000, 40_000) : random.whole(20, 3_000), life);
      const before = piece === 0 ? ZERO : truth.delivered;
      const next = plus(before, vectorOf(pieceOf(random, piece === 0)));
      const short = most(ZERO, minus(next, vectorOf(hold.held)));
      if (short.some((amount) => amount > 0n) && random.chance(0.6)) {
        const step = short.map((amount) => (amount > 0n ? amount + 10n : 0n));
        truth.asked = plus(truth.asked, step);
        if (await hold.extend(amountsOf(step))) coverage.hit('edge.extended');
        else if (random.chance(0.6)) {
          await this.#settle(hold, truth, 'quotaCut');
          return;
        } else coverage.hit('edge.runs on dry');
      }
      truth.delivered = next;
      hold.progress(amountsOf(next));
    }
    await this.#sleep(random.whole(1, 500), life);
    if (ending === 'upstreamFailed') truth.delivered = ZERO;
    // The provider's own count, which comes last, is another than what was told meanwhile.
    if (ending === 'completed' && random.chance(0.5)) {
      truth.delivered = plus(truth.delivered, vectorOf(pieceOf(random, true)));
    }
    if (ending === 'upstreamFailed' || random.chance(0.15)) hold.bearByPlatform(askedAmounts(random));
    await this.#settle(hold, truth, ending);
  }

  async #settle(hold: Hold, truth: Truth, outcome: string): Promise<void> {
    this.#options.coverage.hit(`edge.settled: ${outcome}`);
    const actual = amountsOf(truth.delivered);
    await hold.settle({ actual, outcome, isEstimated: outcome !== 'completed', priceVersion: 'p2' });
  }
}

function stateOf({ state }: Reservation): string {
  return state.replace('RESERVATION_STATE_', '');
}

const NOTHING: Amounts = { input: 0n, output: 0n, cacheRead: 0n, cacheWrite: 0n, cost: 0n };
