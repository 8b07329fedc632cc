// One edge: the walk of each request around the holds under test, with a provider that delivers in pieces. The process may
// die and come up again on its disk, stand still for a minute, or have a clock that is an hour off.

import type { Amounts, Subject } from '@ai-switch/contracts';
import { asFault, type Clock } from '@ai-switch/kernel';
import type { Coverage } from '../coverage.ts';
import { amountsOf, minus, most, plus, smaller, vectorOf, ZERO } from '../oracle/vector.ts';
import type { Random } from '../random.ts';
import type { Timeline } from '../timeline.ts';
import type { Truth, TruthBook } from '../truth.ts';
import { askedAmounts, pieceOf } from './amounts.ts';
import { Disk } from './disk.ts';
import { type HoldWish, type ModelHold, ModelHolds } from './model-holds.ts';
import type { Network } from './network.ts';

export interface EdgeHostOptions {
  readonly name: string;
  readonly random: Random;
  readonly timeline: Timeline;
  readonly coverage: Coverage;
  readonly network: Network;
  readonly truths: TruthBook;
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

export class EdgeHost {
  readonly #options: EdgeHostOptions;
  readonly #disk: Disk;
  /** Requests that came here. */
  readonly #asked = new Set<Truth>();
  #holds: ModelHolds;
  /** Counts the processes; what an earlier one waits for never comes. */
  #life = 1;
  #isUp = true;
  #isGone = false;
  #pausedUntilMs = 0;
  #clockOffMs = 0;
  #tokens = 0;

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
    this.#holds.replay();
  }

  pause(forMs: number): void {
    this.#options.coverage.hit('fault.edge: paused');
    this.#pausedUntilMs = this.#options.timeline.nowMs() + forMs;
  }

  jumpClock(byMs: number): void {
    this.#options.coverage.hit('fault.edge: clock jumped');
    this.#clockOffMs += byMs;
  }

  /** Everything well again. */
  heal(): void {
    this.#pausedUntilMs = 0;
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
    this.#isUp = false;
    this.#life += 1;
  }

  #start(): ModelHolds {
    const { name, network, timeline } = this.#options;
    const life = this.#life;
    const isAlive = () => this.#isUp && this.#life === life;
    const clock: Clock = { nowMs: () => timeline.nowMs() + this.#clockOffMs };
    void clock;
    const holds = new ModelHolds({
      ledger: network.ledgerFor(name, isAlive),
      disk: this.#disk,
      sleep: (delayMs) => this.#sleep(delayMs, life),
      newToken: () => {
        this.#tokens += 1;
        return `${name}-${this.#tokens}`;
      },
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
    truth.asked = plus(truth.asked, vectorOf(amounts));
    const wish: HoldWish = { tenant, reservationId, subject, amounts, promptCost, fingerprint };
    try {
      const hold = await this.#holds.reserve(wish);
      coverage.hit('edge.reserved');
      await this.#answer(hold, wish, truth, life);
    } catch (error) {
      coverage.hit(`edge.refused: ${asFault(error).code}`);
    }
  }

  async #answer(hold: ModelHold, wish: HoldWish, truth: Truth, life: number): Promise<void> {
    const { random, truths, coverage } = this.#options;
    const ending = random.weighted({ completed: 50, clientGone: 12, cut: 12, upstreamFailed: 8, unused: 10 });
    await this.#sleep(random.whole(1, 400), life);
    if (ending === 'unused') {
      coverage.hit('edge.released');
      await hold.release();
      return;
    }
    truths.dispatch(truth, hold.ownerToken);
    hold.dispatched();
    const pieces = ending === 'upstreamFailed' ? 0 : random.whole(ending === 'completed' ? 1 : 0, 7);
    let held = vectorOf(wish.amounts);
    for (let piece = 0; piece < pieces; piece += 1) {
      await this.#sleep(random.chance(0.1) ? random.whole(5_000, 40_000) : random.whole(20, 3_000), life);
      const next = plus(truth.delivered, vectorOf(pieceOf(random, piece === 0)));
      const short = most(ZERO, minus(next, held));
      if (short.some((amount) => amount > 0n) && random.chance(0.6)) {
        const step = amountsOf(short.map((amount) => (amount > 0n ? amount + 10n : 0n)));
        truth.asked = plus(truth.asked, vectorOf(step));
        if (await hold.extend(step)) {
          coverage.hit('edge.extended');
          held = plus(held, vectorOf(step));
        } else if (random.chance(0.6)) {
          coverage.hit('edge.cut dry');
          await hold.settle(amountsOf(truth.delivered), 'quotaCut', NOTHING);
          return;
        } else coverage.hit('edge.runs on dry');
      }
      truth.delivered = next;
      hold.progress(amountsOf(next));
    }
    await this.#sleep(random.whole(1, 500), life);
    const platform = ending === 'upstreamFailed' || random.chance(0.15) ? askedAmounts(random) : NOTHING;
    coverage.hit(`edge.settled: ${ending}`);
    await hold.settle(amountsOf(truth.delivered), ending, platform);
  }
}

const NOTHING: Amounts = { input: 0n, output: 0n, cacheRead: 0n, cacheWrite: 0n, cost: 0n };
