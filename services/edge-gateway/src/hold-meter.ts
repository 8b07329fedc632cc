// What a stream has used of its hold. With every chunk the spool is told, so that a process that is killed is charged what it
// delivered; and where something bounds the caller, the hold is extended ahead of its use, in steps.
//
// Invariant: an answer goes past what is held by no more than what comes while the ledger is asked, and the error of the
// count. A refused extension is not asked for again: what is held is used up, and then `onDry` is told, once. When the
// ledger is down an extension counts as refused.

import { type Amounts, TokenType } from '@ai-switch/contracts';
import { noUsage, type Usage } from '@ai-switch/dialects';
import type { Hold } from './holds/hold.ts';
import type { OutputTally } from './output-tally.ts';
import { larger } from './sum-amounts.ts';

const STEP_TOKENS_MIN = 256n;

export interface HoldMeterParts {
  readonly hold: Pick<Hold, 'held' | 'rooms' | 'progress' | 'finishing' | 'extend'>;
  /** What a use costs by the price of who answers. */
  readonly amountsOf: (usage: Usage) => Amounts;
  readonly delivered: { readonly usage: Usage | undefined; readonly tally: OutputTally };
  /** Of the prompt, until the provider tells. */
  readonly inputTokensEstimate: number;
  /** The most that the provider was told to answer; undefined when it was told nothing. */
  readonly outputTokensMax: number | undefined;
}

export class HoldMeter {
  /** Told when the hold is used up and cannot be extended. */
  onDry: (() => void) | undefined;
  readonly #parts: HoldMeterParts;
  readonly #bounded: readonly ('output' | 'cost')[];
  #usage: Usage | undefined;
  #output = 0;
  #state: 'ample' | 'asking' | 'refused' | 'dry' | 'finished' | 'over' = 'ample';

  constructor(parts: HoldMeterParts) {
    this.#parts = parts;
    this.#bounded = boundedTypes(parts.hold);
    parts.delivered.tally.onCounted = () => this.note();
  }

  /** What the answer has used up to here. */
  get usage(): Usage {
    const { delivered, inputTokensEstimate } = this.#parts;
    const prompt = delivered.usage ?? { ...noUsage, input: inputTokensEstimate };
    return { ...prompt, output: delivered.tally.tokens };
  }

  /** Call with every chunk: cheap. */
  note(): void {
    if (this.#state === 'over' || this.#state === 'finished') return;
    const { hold, amountsOf, delivered } = this.#parts;
    const { usage } = this;
    if (usage.output === this.#output && delivered.usage === this.#usage) return;
    this.#output = usage.output;
    this.#usage = delivered.usage;
    const used = amountsOf(usage);
    hold.progress(used);
    if (this.#bounded.length > 0) this.#watch(usage, used);
  }

  /** Call before the client gets the end of the answer, and with what may come behind it: the provider's last count. */
  finish(): void {
    const { hold, amountsOf, delivered } = this.#parts;
    if (this.#state === 'over' || (this.#state === 'finished' && delivered.usage === this.#usage)) return;
    this.#state = 'finished';
    this.#usage = delivered.usage;
    hold.finishing(amountsOf(delivered.usage ?? this.usage));
  }

  /** The answer is over: nothing is asked for any more. */
  end(): void {
    this.#state = 'over';
    this.#parts.delivered.tally.onCounted = undefined;
  }

  #watch(usage: Usage, used: Amounts): void {
    if (this.#state === 'refused' && this.#bounded.some((type) => this.#isSpent(type, used))) {
      this.#state = 'dry';
      this.onDry?.();
    }
    if (this.#state !== 'ample' || !this.#bounded.some((type) => this.#isLow(type, used))) return;
    this.#state = 'asking';
    void this.#extend(this.#stepFor(usage, used));
  }

  async #extend(step: Amounts): Promise<void> {
    const isGranted = await this.#parts.hold.extend(step);
    if (this.#state !== 'asking') return;
    this.#state = isGranted ? 'ample' : 'refused';
    const { usage } = this;
    this.#watch(usage, this.#parts.amountsOf(usage));
  }

  /** Three quarters are used; where the provider cannot say more than is held, more than all. */
  #isLow(type: 'output' | 'cost', used: Amounts): boolean {
    const held = this.#parts.hold.held[type];
    return this.#isWhole ? used[type] > held : 4n * used[type] > 3n * held;
  }

  #isSpent(type: 'output' | 'cost', used: Amounts): boolean {
    const held = this.#parts.hold.held[type];
    return this.#isWhole ? used[type] > held : used[type] >= held;
  }

  /** All that the answer can have is held. */
  get #isWhole(): boolean {
    const { outputTokensMax, hold } = this.#parts;
    return outputTokensMax !== undefined && hold.held.output >= BigInt(outputTokensMax);
  }

  /** A quarter more, with what it costs. */
  #stepFor(usage: Usage, used: Amounts): Amounts {
    const { hold, amountsOf, outputTokensMax } = this.#parts;
    const { held } = hold;
    let output = larger(STEP_TOKENS_MIN, held.output / 4n);
    if (outputTokensMax !== undefined && !this.#isWhole) {
      output = smaller(output, BigInt(outputTokensMax) - held.output);
    }
    const { cost } = amountsOf({ ...usage, output: usage.output + Number(output) });
    return {
      input: 0n,
      output,
      cacheRead: 0n,
      cacheWrite: 0n,
      cost: larger(cost - used.cost, held.cost / 4n),
    };
  }
}

/** The types of an answer's use that some bucket bounds. */
export function boundedTypes({ rooms }: Pick<Hold, 'rooms'>): readonly ('output' | 'cost')[] {
  const types = rooms.map(({ tokenType }) => tokenType);
  return [
    ...(types.includes(TokenType.OUTPUT) ? (['output'] as const) : []),
    ...(types.includes(TokenType.COST) ? (['cost'] as const) : []),
  ];
}

function smaller(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}
