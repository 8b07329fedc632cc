// The rule sets of callers, compiled. A caller brings along the ids and revisions of his sets, so that a change is seen with
// him, and auth is asked only for what is not known yet: once, however many requests wait for it.
//
// When auth is down, callers whose rules are known go on; others are refused as `unavailable`, and nobody goes uninspected.

import { type Auth, type Caller, GetRulesRequest, type RuleSet } from '@ai-switch/contracts';
import { asFault, Fault } from '@ai-switch/kernel';
import type { Logger } from '@ai-switch/telemetry';
import { type CompiledRules, compiledRules } from './compiled-rules.ts';

/** Lists of sets that callers have, and sets of all companies. */
const LISTS_MAX = 1_000;
const SETS_MAX = 5_000;

export class RuleCache {
  readonly #auth: Auth;
  readonly #logger: Logger;
  /** By company and the list of ids and revisions, what was used longest ago first. */
  readonly #lists = new Map<string, CompiledRules | Promise<CompiledRules>>();
  readonly #sets = new Map<string, RuleSet>();

  constructor(auth: Auth, logger: Logger) {
    this.#auth = auth;
    this.#logger = logger;
  }

  /** @throws Fault `unavailable` when they cannot be had */
  of(caller: Caller): CompiledRules | Promise<CompiledRules> {
    const key = keyOf(caller);
    const known = this.#lists.get(key);
    if (known !== undefined) {
      this.#lists.delete(key);
      this.#lists.set(key, known);
      return known;
    }
    const compiling = this.#compile(caller).then(
      (compiled) => {
        this.#lists.set(key, compiled);
        return compiled;
      },
      (error: unknown) => {
        this.#lists.delete(key);
        throw error;
      },
    );
    this.#lists.set(key, compiling);
    dropOldest(this.#lists, LISTS_MAX);
    return compiling;
  }

  async #compile({ tenant, policy }: Caller): Promise<CompiledRules> {
    const references = policy?.ruleSets ?? [];
    try {
      await this.#learn(tenant, references);
      const sets = references.map(({ ruleSetId, revision }) => {
        const set = this.#sets.get(setKey(tenant, ruleSetId));
        if (set !== undefined && set.revision >= revision) return set;
        throw new Fault('unavailable', `The rule set ${ruleSetId} cannot be had.`);
      });
      return compiledRules(sets);
    } catch (error) {
      this.#logger.error({ err: error, tenant }, 'the rules of a caller cannot be had');
      throw new Fault(
        'unavailable',
        "The company's rules for requests cannot be read at the moment. Please try again.",
        { cause: error, retryAfterMs: asFault(error).retryAfterMs ?? RETRY_AFTER_MS },
      );
    }
  }

  async #learn(tenant: string, references: readonly Reference[]): Promise<void> {
    const isNew = ({ ruleSetId, revision }: Reference) => {
      const known = this.#sets.get(setKey(tenant, ruleSetId));
      return known === undefined || known.revision < revision;
    };
    const missing = () => [...new Set(references.filter(isNew).map(({ ruleSetId }) => ruleSetId))];
    let ruleSetIds = missing();
    // An answer holds as many as a message carries; none of them are there when it brings nothing new.
    for (let before = Number.POSITIVE_INFINITY; ruleSetIds.length > 0 && ruleSetIds.length < before; ) {
      before = ruleSetIds.length;
      const { ruleSets } = await this.#auth.getRules(GetRulesRequest.create({ tenant, ruleSetIds }));
      for (const set of ruleSets) this.#sets.set(setKey(tenant, set.ruleSetId), set);
      ruleSetIds = missing();
    }
    // Never more than are wanted here and now: a caller has far fewer.
    dropOldest(this.#sets, Math.max(SETS_MAX, references.length));
  }
}

const RETRY_AFTER_MS = 1_000;

interface Reference {
  readonly ruleSetId: string;
  readonly revision: bigint;
}

function keyOf({ tenant, policy }: Caller): string {
  let key = tenant;
  for (const { ruleSetId, revision } of policy?.ruleSets ?? []) key += `\n${ruleSetId}@${revision}`;
  return key;
}

function setKey(tenant: string, ruleSetId: string): string {
  return `${tenant}\n${ruleSetId}`;
}

function dropOldest(map: Map<string, unknown>, entriesMax: number): void {
  for (const key of map.keys()) {
    if (map.size <= entriesMax) return;
    map.delete(key);
  }
}
