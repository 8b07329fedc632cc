export { Budget } from './budget.ts';
export { type Explanation, explain } from './explain.ts';
export {
  checkRule,
  type Hit,
  RULES_PER_SET_MAX,
  type Rule,
  type RuleAction,
  type RuleMode,
  type RuleSet,
  type Surface,
  type Verdict,
} from './rule.ts';
export { Rules } from './rules.ts';
export { toolCallTexts } from './tool-call-texts.ts';
