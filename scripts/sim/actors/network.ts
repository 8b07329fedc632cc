// The way between edges and ledgers. A message may be late, come twice, overtake another, or be lost; so may its answer.

import type * as contracts from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import type { Call, Outcome } from '../call.ts';
import type { Coverage } from '../coverage.ts';
import type { Operation } from '../oracle/decide.ts';
import type { Random } from '../random.ts';
import type { Timeline } from '../timeline.ts';

export const DELIVERY = 'delivery';

/** A call on its way; who sent it hears of it at most once. */
export interface Message {
  readonly call: Call;
  readonly onOutcome: (outcome: Outcome) => void;
}

export interface NetworkOptions {
  readonly random: Random;
  readonly timeline: Timeline;
  readonly coverage: Coverage;
  readonly replicas: number;
  /** Takes what arrives. */
  readonly deliver: (message: Message) => void;
}

/** The edge's calls of the ledger, over this network. */
type EdgeCalls = Pick<contracts.QuotaLedger, 'reserve' | 'extend' | 'heartbeat' | 'settle' | 'void'>;

const DROPS = 0.12;
const DUPLICATES = 0.15;
const LOST_ANSWERS = 0.15;
/** How long a caller waits for an answer. */
const DEADLINE_MS = 3_000;
/** The longest that a message may be on its way. */
export const LATENESS_MAX_MS = 90_000;

export class Network {
  /** False while the network heals. */
  isFaulty = true;
  readonly #options: NetworkOptions;

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  /** @param isAlive whether the one who called still is there to hear the answer */
  ledgerFor(edge: string, isAlive: () => boolean): contracts.QuotaLedger {
    const send = <Answer>(kind: string, run: Call['run'], operations: readonly Operation[]) =>
      this.#ask<Answer>(`${edge} ${kind}`, run, operations, isAlive);
    const calls: EdgeCalls = {
      reserve: (request) => send('reserve', (to) => to.reserve(request), [{ kind: 'reserve', request }]),
      extend: (request) => send('extend', (to) => to.extend(request), [{ kind: 'extend', request }]),
      heartbeat: (request) =>
        send(
          'heartbeat',
          (to) => to.heartbeat(request),
          request.beats.map((beat) => ({ kind: 'beat', request: beat })),
        ),
      settle: (request) => send('settle', (to) => to.settle(request), [{ kind: 'settle', request }]),
      void: (request) => send('void', (to) => to.void(request), [{ kind: 'void', request }]),
    };
    // Holds call nothing else; whatever they did would fail here.
    return calls as contracts.QuotaLedger;
  }

  /** Sends a call that nobody waits for. */
  post(call: Omit<Call, 'replica'>): void {
    this.#send(call, () => {});
  }

  #ask<Answer>(
    name: string,
    run: Call['run'],
    operations: readonly Operation[],
    isAlive: () => boolean,
  ): Promise<Answer> {
    const { timeline, coverage } = this.#options;
    return new Promise((resolve, reject) => {
      let isOver = false;
      const hear = (outcome: Outcome) => {
        if (isOver || !isAlive() || 'isLost' in outcome) return;
        isOver = true;
        cancel();
        if ('fault' in outcome) reject(outcome.fault);
        else resolve(outcome.answer as Answer);
      };
      const cancel = timeline.after(DEADLINE_MS, `${name} has no answer`, () => {
        coverage.hit('fault.network: no answer in time');
        hear({ fault: new Fault('deadline', 'The ledger did not answer in time.') });
      });
      const tenants = [...new Set(operations.map(({ request }) => request.tenant))];
      this.#send({ name, tenants, run, operations }, hear);
    });
  }

  #send(call: Omit<Call, 'replica'>, hear: (outcome: Outcome) => void): void {
    const { random, timeline, coverage, replicas, deliver } = this.#options;
    const happens = (probability: number, name: string) => {
      const isSo = this.isFaulty && random.chance(probability);
      if (isSo) coverage.hit(`fault.network: ${name}`);
      return isSo;
    };
    const copies = happens(DUPLICATES, 'duplicate') ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      if (happens(DROPS, 'drop')) continue;
      const arrival = timeline.after(
        this.#delayMs(),
        `${call.name} arrives`,
        () => {
          deliver({
            call: { ...call, replica: random.whole(0, replicas - 1) },
            onOutcome: (outcome) => {
              if (happens(LOST_ANSWERS, 'lost answer')) return;
              timeline.after(this.#delayMs(), `${call.name} is answered`, () => hear(outcome));
            },
          });
        },
        DELIVERY,
      );
      void arrival;
    }
  }

  /** Mostly quick; now and then so late that much else has happened before. */
  #delayMs(): number {
    const { random, coverage } = this.#options;
    if (!this.isFaulty || !random.chance(0.08)) return random.whole(1, 60);
    coverage.hit('fault.network: late');
    return random.chance(0.3) ? random.whole(5_000, LATENESS_MAX_MS) : random.whole(100, 5_000);
  }
}
