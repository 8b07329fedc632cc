// Matches what one request sends, and what is answered to it, against its caller's rules. What a rule blocks goes no
// further, what one flags or shadows goes on and is noted; nothing is ever changed. What could not be inspected whole, for
// want of time, is blocked where a block rule covers it; where a good part of it was, asking again goes on from there.

import type { SentText, SpokenCall } from '@ai-switch/dialects';
import { Budget, type Hit, type Surface, type Verdict } from '@ai-switch/interception';
import type { Fault } from '@ai-switch/kernel';
import type { EdgeParts } from '../edge-parts.ts';
import { type Exchange, interruptionFault } from '../exchange.ts';
import { blockedBy, unfinished, uninspected } from './block.ts';
import { callTexts } from './call-texts.ts';
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
  /** Texts that are known from this request on. */
  #learned = 0;

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
    return this.#compiled.rules.blocks('toolCall');
  }

  get isBlockingPrompts(): boolean {
    return this.#compiled.rules.blocks('prompt');
  }

  /** @throws Fault `forbidden` for what a rule blocks */
  async inspectSent(texts: readonly SentText[]): Promise<void> {
    const turns = new Turns();
    const budget = this.#budget();
    for (const sent of texts) {
      if (turns.isOver) await this.#rest(turns);
      const matching = this.#matching(sent);
      if (matching === undefined) continue;
      const verdicts: Verdict[] = [];
      for (const text of matching.texts) {
        const verdict = this.#matchInTurns(sent.surface, text, budget, turns);
        verdicts.push(verdict instanceof Promise ? await verdict : verdict);
      }
      const fault = this.#judge(matching, verdicts);
      if (fault !== undefined) throw fault;
    }
  }

  /** @returns what the client is told when a rule blocks one of them */
  inspectCalls(calls: readonly SpokenCall[]): Fault | undefined {
    // Time is for what may take long: a call of ordinary size is not lost to a busy machine.
    const characters = calls.reduce((sum, { argumentsText }) => sum + argumentsText.length, 0);
    const budget = characters > SURE_CHARACTERS ? this.#budget() : undefined;
    for (const { name, argumentsText } of calls) {
      const matching = this.#matching({ surface: 'toolCall', name, text: argumentsText });
      if (matching === undefined) continue;
      const verdicts = matching.texts.map((text) => this.#compiled.rules.inspect('toolCall', text, budget));
      const fault = this.#judge(matching, verdicts);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  /** @returns what the client is told about what could not be inspected */
  refuseUninspected(surface: Surface, why: 'time' | 'size' | 'form'): Fault {
    this.#edge.interceptionLog.noteUninspected(this.#exchange, surface, why);
    return uninspected(this.#exchange, surface, why);
  }

  /** Undefined where the rules have nothing to say. */
  #matching(sent: SentText): Matching | undefined {
    const { surface, text } = sent;
    if (!this.#compiled.rules.covers(surface)) return undefined;
    const name = sent.surface === 'toolCall' ? sent.name : '';
    const { cleanTexts } = this.#edge;
    const key = cleanTexts.keyOf(this.#compiled.serial, `${surface} ${name.length} ${name}`, text);
    if (key !== undefined && cleanTexts.has(key)) return undefined;
    return { surface, key, texts: surface === 'toolCall' ? callTexts(name, text) : [text] };
  }

  /** A promise only for what is long: most texts are not. */
  #matchInTurns(surface: Surface, text: string, budget: Budget, turns: Turns): Verdict | Promise<Verdict> {
    const { rules } = this.#compiled;
    if (text.length <= LONG_CHARACTERS) {
      const verdict = rules.inspect(surface, text, budget);
      // Every request gets further by one text at least.
      return verdict.isComplete || this.#learned > 0 ? verdict : rules.inspect(surface, text);
    }
    return rules.inspectInTurns(surface, text, { budget, rest: () => this.#rest(turns) });
  }

  /** @throws Fault when the client has left meanwhile */
  async #rest(turns: Turns): Promise<void> {
    await turns.yield();
    const { interruption } = this.#exchange;
    if (interruption !== undefined) throw interruptionFault(interruption);
  }

  #budget(): Budget {
    return new Budget(this.#edge.settings.interceptBudgetMs);
  }

  /** Notes what was hit. @returns what the client is told when something of it does not go on */
  #judge({ surface, key }: Matching, verdicts: readonly Verdict[]): Fault | undefined {
    if (key !== undefined && verdicts.every(isClean)) {
      this.#edge.cleanTexts.add(key);
      this.#learned += 1;
    }
    for (const { hits } of verdicts) for (const hit of hits) this.#note(hit, surface);
    const block = verdicts.flatMap(({ hits }) => hits).find(({ action }) => action === 'block');
    if (block !== undefined) return blockedBy(this.#exchange, block, surface);
    const isUnsure = this.#compiled.rules.blocks(surface) && verdicts.some(({ isComplete }) => !isComplete);
    if (!isUnsure) return undefined;
    return this.#learned > 0 ? unfinished() : this.refuseUninspected(surface, 'time');
  }

  #note(hit: Hit, surface: Surface): void {
    const key = `${surface}\n${hit.ruleSetId}\n${hit.ruleId}`;
    if (this.#noted.has(key)) return;
    this.#noted.add(key);
    this.#edge.interceptionLog.note(this.#exchange, hit, surface);
  }
}

interface Matching {
  readonly surface: Surface;
  /** By which the texts are known once they hit nothing; undefined for short ones. */
  readonly key: string | undefined;
  readonly texts: readonly string[];
}

const LONG_CHARACTERS = 16_384;
const SURE_CHARACTERS = 65_536;

function isClean({ hits, isComplete }: Verdict): boolean {
  return isComplete && hits.length === 0;
}
