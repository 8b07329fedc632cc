// Matches what one request sends, and what is answered to it, against its caller's rules. What a rule blocks goes no
// further, what one flags or shadows goes on and is noted; nothing is ever changed. What could not be inspected whole, for
// want of time, is blocked where a block rule covers it.

import type { SentText, SpokenCall } from '@ai-switch/dialects';
import { Budget, type Hit, type Surface, toolCallTexts, type Verdict } from '@ai-switch/interception';
import type { Fault } from '@ai-switch/kernel';
import type { EdgeParts } from '../edge-parts.ts';
import { type Exchange, interruptionFault } from '../exchange.ts';
import { blockedBy, uninspected } from './block.ts';
import type { CompiledRules } from './compiled-rules.ts';
import { Turns } from './turns.ts';

/** What it needs of the edge. */
export type InspectorParts = Pick<EdgeParts, 'settings' | 'cleanTexts' | 'interceptionLog'>;

export class Inspector {
  readonly #edge: InspectorParts;
  readonly #exchange: Exchange;
  readonly #compiled: CompiledRules;
  /** Hits that are noted: a request says the same in many places. */
  readonly #noted = new Set<string>();

  constructor(edge: InspectorParts, exchange: Exchange, compiled: CompiledRules) {
    this.#edge = edge;
    this.#exchange = exchange;
    this.#compiled = compiled;
  }

  /** The model's tool calls have to be seen. */
  get isWatchingCalls(): boolean {
    return this.#compiled.rules.covers('toolCall');
  }

  /** None of them may go out before it was seen. */
  get isHoldingCalls(): boolean {
    return this.#compiled.blocks.has('toolCall');
  }

  get isBlockingPrompts(): boolean {
    return this.#compiled.blocks.has('prompt');
  }

  /** @throws Fault `forbidden` for what a rule blocks */
  async inspectSent(texts: readonly SentText[]): Promise<void> {
    const turns = new Turns();
    const budget = this.#budget();
    for (const sent of texts) {
      if (turns.isOver) {
        await turns.yield();
        const { interruption } = this.#exchange;
        if (interruption !== undefined) throw interruptionFault(interruption);
      }
      const fault = this.#inspectSent(sent, budget);
      if (fault !== undefined) throw fault;
    }
  }

  /** @returns what the client is told when a rule blocks one of them */
  inspectCalls(calls: readonly SpokenCall[]): Fault | undefined {
    const budget = this.#budget();
    for (const { name, argumentsText } of calls) {
      const fault = this.#inspectSent({ surface: 'toolCall', name, text: argumentsText }, budget);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  /** @returns what the client is told about what could not be inspected */
  refuseUninspected(surface: Surface, why: 'time' | 'size' | 'form'): Fault {
    this.#edge.interceptionLog.noteUninspected(this.#exchange, surface, why);
    return uninspected(this.#exchange, surface, why);
  }

  #inspectSent(sent: SentText, budget: Budget): Fault | undefined {
    const { rules, serial } = this.#compiled;
    const { cleanTexts: clean } = this.#edge;
    const { surface, text } = sent;
    if (!rules.covers(surface)) return undefined;
    const name = sent.surface === 'toolCall' ? sent.name : '';
    const key = clean.keyOf(serial, `${surface}\n${name}`, text);
    if (key !== undefined && clean.has(key)) return undefined;
    const texts = surface === 'toolCall' ? toolCallTexts(name, text) : [text];
    const verdicts = texts.map((one) => rules.inspect(surface, one, budget));
    if (key !== undefined && verdicts.every(isClean)) clean.add(key);
    return this.#judge(surface, verdicts);
  }

  #budget(): Budget {
    return new Budget(this.#edge.settings.interceptBudgetMs);
  }

  /** Notes what was hit. @returns what the client is told when something of it does not go on */
  #judge(surface: Surface, verdicts: readonly Verdict[]): Fault | undefined {
    for (const { hits } of verdicts) for (const hit of hits) this.#note(hit, surface);
    const block = verdicts.flatMap(({ hits }) => hits).find(({ action }) => action === 'block');
    if (block !== undefined) return blockedBy(this.#exchange, block, surface);
    const isUnsure = this.#compiled.blocks.has(surface) && verdicts.some(({ isComplete }) => !isComplete);
    return isUnsure ? this.refuseUninspected(surface, 'time') : undefined;
  }

  #note(hit: Hit, surface: Surface): void {
    const key = `${surface}\n${hit.ruleSetId}\n${hit.ruleId}`;
    if (this.#noted.has(key)) return;
    this.#noted.add(key);
    this.#edge.interceptionLog.note(this.#exchange, hit, surface);
  }
}

function isClean({ hits, isComplete }: Verdict): boolean {
  return isComplete && hits.length === 0;
}
