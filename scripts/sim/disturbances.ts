// What goes on around the ledgers, and what goes wrong: clients, administrators, strangers, edges that die, and time.

import { type HeldBucket, nextChange } from './actors/administrator.ts';
import { nextQuery } from './actors/auditor.ts';
import type { EdgeHost, Question } from './actors/edge-host.ts';
import type { Message, Network } from './actors/network.ts';
import { subjectOf, tenantOf } from './actors/people.ts';
import { nextAttempt } from './actors/stranger.ts';
import type { Call } from './call.ts';
import type { Coverage } from './coverage.ts';
import type { LedgerSite } from './ledger-site.ts';
import { oraclePeriodAt } from './oracle/calendar.ts';
import type { ProcessClock } from './process-clock.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

export interface World {
  readonly random: Random;
  readonly timeline: Timeline;
  readonly coverage: Coverage;
  readonly site: LedgerSite;
  readonly network: Network;
  readonly edges: readonly EdgeHost[];
  readonly processClock: ProcessClock;
  readonly deliver: (message: Message) => void;
  readonly trace: (line: string) => void;
}

const DAY_MS = 86_400_000;

export class Disturbances {
  /** From then on nothing goes wrong any more. */
  isHealing = false;
  readonly #world: World;
  readonly #questions: Question[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  ask(): void {
    const random = this.#world.random;
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
    else this.#world.coverage.hit('edge.one id asked twice');
    const edge = random.pick(this.#world.edges);
    this.#world.trace(`  ${question.tenant} ${question.reservationId}${old === undefined ? '' : ' again'}`);
    edge.ask(question);
    if (random.chance(0.06)) random.pick(this.#world.edges).ask(question);
  }

  change(): void {
    this.#world.network.post(nextChange(this.#world.random, this.#world.timeline.nowMs(), this.#heldOver()));
  }

  attempt(): void {
    if (this.#questions.length === 0) return;
    const question = this.#world.random.pick(this.#heldNow() ?? this.#questions.slice(-30));
    const known = this.#world.site.companies.get(question.tenant)?.reservations.get(question.reservationId);
    const victim = {
      ...question,
      isOnRecord: known !== undefined,
      ownerToken: known?.state === 'HELD' ? known.ownerToken : '',
      hasCheckpoint: known !== undefined && known.checkpoint !== null,
      isOver: this.isOver(question.tenant, question.reservationId),
    };
    this.#world.network.post(nextAttempt(this.#world.random, victim));
  }

  read(): void {
    const company = this.#world.site.companies.get(tenantOf(this.#world.random));
    if (company === undefined) return;
    const replica = this.#world.random.whole(0, this.#world.site.replicaCount - 1);
    const query = nextQuery(this.#world.random, company, this.#world.site.rows, this.#world.timeline.nowMs());
    this.#world.coverage.hit(`query.${query.name}`);
    this.#world.deliver({ call: { ...query, replica }, onOutcome: () => {} });
  }

  /** Questions whose hold has a checkpoint, half of the time when there are such. */
  #heldNow(): readonly Question[] | undefined {
    if (this.#world.random.chance(0.5)) return undefined;
    const held = this.#questions.filter(({ tenant, reservationId }) => {
      const known = this.#world.site.companies.get(tenant)?.reservations.get(reservationId);
      return known?.state === 'HELD' && known.checkpoint !== null;
    });
    return held.length === 0 ? undefined : held;
  }

  /** A bucket that holds something in a period that is over. */
  #heldOver(): HeldBucket | undefined {
    const nowMs = this.#world.timeline.nowMs();
    for (const { tenant, reservations } of this.#world.site.companies.values()) {
      for (const { state, lines } of reservations.values()) {
        const line = state === 'HELD' && lines.find(({ endsAtMs }) => endsAtMs !== null && endsAtMs <= nowMs);
        if (line) return { tenant, bucket: line.bucket };
      }
    }
    return undefined;
  }

  isOver(tenant: string, reservationId: string): boolean {
    const state = this.#world.site.companies.get(tenant)?.reservations.get(reservationId)?.state;
    return state !== undefined && state !== 'HELD' && state !== 'EXPIRED';
  }

  breakEdge(): void {
    const random = this.#world.random;
    const edge = random.pick(this.#world.edges);
    const kind = random.weighted({ crash: 35, power: 15, vanish: 4, pause: 25, clock: 15, full: 8 });
    this.#world.trace(`  edge${this.#world.edges.indexOf(edge)} ${kind}`);
    if (kind === 'pause') edge.pause(random.whole(30, 120) * 1_000);
    else if (kind === 'full') edge.fillDisk(random.whole(1, 30) * 1_000);
    else if (kind === 'clock') {
      this.#world.coverage.hit('fault.edge: clock jumped');
      this.#world.processClock.jump(random.pick([-3_600_000, 3_600_000, 60_000, -60_000]));
    } else {
      if (kind === 'crash') edge.crash();
      else if (kind === 'power') edge.losePower();
      else if (this.#world.edges.filter(({ isGone }) => !isGone).length > 1) edge.vanish();
      this.#restartLater(edge);
    }
  }

  /** Now and then it dies again at once, in the middle of ending what it was about. */
  #restartLater(edge: EdgeHost): void {
    const random = this.#world.random;
    this.#world.timeline.after(random.whole(1, 90) * 1_000, 'an edge comes up', () => {
      edge.restart();
      if (this.isHealing || !random.chance(0.4)) return;
      this.#world.timeline.after(random.whole(1, 400), 'an edge dies again', () => {
        if (this.isHealing) return;
        edge.crash();
        this.#restartLater(edge);
      });
    });
  }

  /** Hours or days in which nothing is asked, often up to a moment before midnight. */
  jump(): void {
    const random = this.#world.random;
    const nowMs = this.#world.timeline.nowMs();
    this.#world.coverage.hit('time.jumped');
    const policy = this.#world.site.companies.get(tenantOf(random))?.policy;
    if (policy !== undefined && random.chance(0.6)) {
      const { endsAtMs } = oraclePeriodAt('DAY', nowMs, policy);
      this.#world.timeline.skipTo((endsAtMs ?? nowMs) - random.whole(1_000, 40_000));
      return;
    }
    const ms = random.pick([3_600_000, 8 * 3_600_000, DAY_MS, 8 * DAY_MS, 40 * DAY_MS]);
    this.#world.timeline.skipTo(nowMs + Math.floor(ms * random.fraction()));
  }

  /** At the moment of a sweep another ledger hears the owner of a hold that is due. */
  raceSweep(sweeper: number): void {
    const { replicaCount, companies } = this.#world.site;
    if (this.isHealing || replicaCount < 2) return;
    const nowMs = this.#world.timeline.nowMs();
    for (const { tenant, reservations } of companies.values()) {
      for (const { reservationId, state, expiresAtMs, ownerToken } of reservations.values()) {
        if (state !== 'HELD' || expiresAtMs > nowMs || !this.#world.random.chance(0.5)) continue;
        const beat = { tenant, reservationId, ownerToken, ttlMs: 20_000n, used: undefined };
        const call: Call = {
          replica: (sweeper + 1) % replicaCount,
          name: 'a heartbeat at the last moment',
          tenants: [tenant],
          run: (to) => to.heartbeat({ beats: [beat] }),
          operations: [{ kind: 'beat', request: beat }],
        };
        this.#world.deliver({ call, onOutcome: () => {} });
        return;
      }
    }
  }
}
