// The hold of one request of the walk. The walk calls `end` however it leaves: what nothing else has ended is given back if
// nobody was asked, and otherwise settled. What a failed attempt cost is not the caller's; what he sent and then would not
// wait for is.

import { type Amounts, DryRule, type Price, type TokenCounts } from '@ai-switch/contracts';
import { noUsage, type Usage } from '@ai-switch/dialects';
import { dataOf } from '@ai-switch/event-log';
import { costMicros } from '@ai-switch/kernel';
import type { Charge } from './charge.ts';
import type { Exchange } from './exchange.ts';
import type { Hold } from './holds/hold.ts';

export class RequestHold {
  readonly hold: Hold;
  /** Of the destination that is asked at the time; undefined for one without a price. */
  price: Price | undefined;
  /** What happens to a stream when the hold is used up. */
  dryRule: DryRule = DryRule.CUT;
  readonly #exchange: Exchange;
  readonly #promptEstimate: Amounts;

  constructor(exchange: Exchange, hold: Hold, promptEstimate: Amounts) {
    this.hold = hold;
    this.#exchange = exchange;
    this.#promptEstimate = promptEstimate;
    exchange.onRecorded = () => hold.recorded();
  }

  get isOver(): boolean {
    return this.hold.isOver;
  }

  /** Say so before a provider is asked. @throws Fault `unavailable`: then nobody may be asked */
  dispatching(): void {
    this.hold.dispatching(() => dataOf({ type: 'aiswitch.access.v1', record: this.#exchange.record }));
  }

  /** What a use costs by the price of the destination that is asked. */
  amountsOf(usage: Usage): Amounts {
    return { ...countsOf(usage), cost: this.price === undefined ? 0n : costMicros(this.price, usage) };
  }

  /** The platform bears an answer that came to nothing: what the provider says it used, or else the prompt. */
  bearFailed(usage: Usage | undefined): void {
    const burnt = usage ?? { ...noUsage, input: Number(this.#promptEstimate.input) };
    this.hold.bearByPlatform(this.amountsOf(burnt));
  }

  /** Never rejects. */
  async settle({ usage, outcome, isEstimated }: Charge): Promise<void> {
    if (this.isOver) return;
    const actual = this.amountsOf(usage);
    const { record } = this.#exchange;
    record.outcome = outcome;
    record.usage = countsOf(usage);
    record.usageEstimated = isEstimated;
    await this.hold.settle({ actual, outcome, isEstimated, priceVersion: this.price?.version ?? '' });
  }

  /** Ends what nothing else has ended. Never rejects. */
  async end(): Promise<void> {
    if (this.isOver) return;
    if (!this.hold.isDispatched) await this.hold.release();
    else if (this.#exchange.interruption === 'clientGone') {
      const usage: Usage = { ...noUsage, input: Number(this.#promptEstimate.input) };
      await this.settle({ usage, isEstimated: true, outcome: 'clientGone' });
    } else await this.settle({ usage: noUsage, isEstimated: false, outcome: 'upstreamFailed' });
  }
}

function countsOf({ input, output, cacheRead, cacheWrite }: Usage): TokenCounts {
  return {
    input: BigInt(input),
    output: BigInt(output),
    cacheRead: BigInt(cacheRead),
    cacheWrite: BigInt(cacheWrite),
  };
}
