import { RuleAction, RuleMode, type RuleSet, Surface } from '@ai-switch/contracts';
import { Rules } from '@ai-switch/interception';

/** The rule sets of a caller, ready to be matched. */
export interface CompiledRules {
  readonly rules: Rules;
  /** Names these rules, and no others of this process. */
  readonly serial: number;
}

/** @throws Error for a rule that cannot be matched */
export function compiledRules(sets: readonly RuleSet[]): CompiledRules {
  const engineSets = sets.map(({ ruleSetId, revision, rules }) => ({
    ruleSetId,
    revision,
    rules: rules.map(engineRule),
  }));
  made += 1;
  return { rules: Rules.compile(engineSets), serial: made };
}

let made = 0;

function engineRule({
  ruleId,
  mode,
  pattern,
  action,
  surfaces,
  isCaseSensitive,
  message,
}: RuleSet['rules'][0]) {
  return {
    ruleId,
    mode: wordOf(MODES, mode),
    pattern,
    action: wordOf(ACTIONS, action),
    surfaces: surfaces.map((surface) => wordOf(SURFACE_WORDS, surface)),
    isCaseSensitive,
    message,
  };
}

const MODES = new Map([
  [RuleMode.EXACT, 'exact'],
  [RuleMode.PREFIX, 'prefix'],
  [RuleMode.CONTAINS, 'contains'],
  [RuleMode.GLOB, 'glob'],
  [RuleMode.REGEX, 'regex'],
] as const);

const ACTIONS = new Map([
  [RuleAction.BLOCK, 'block'],
  [RuleAction.FLAG, 'flag'],
  [RuleAction.SHADOW, 'shadow'],
] as const);

const SURFACE_WORDS = new Map([
  [Surface.PROMPT, 'prompt'],
  [Surface.TOOL_CALL, 'toolCall'],
  [Surface.TOOL_RESULT, 'toolResult'],
] as const);

/** A rule that a newer auth knows more of is refused rather than left out. */
function wordOf<Message, Word>(words: ReadonlyMap<Message, Word>, message: unknown): Word {
  const word = words.get(message as Message);
  if (word === undefined) throw new Error(`a rule has the unknown word ${String(message)}`);
  return word;
}
