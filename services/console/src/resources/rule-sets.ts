import { EventFilter, Rule, type RuleSet } from '@ai-switch/contracts';
import { checkRule, type Rule as EngineRule, explain } from '@ai-switch/interception';
import { Fault } from '@ai-switch/kernel';
import type { Handlers } from '../handler.ts';
import { pageIn, pageReply } from '../read-input.ts';
import type { PolicyRoutes } from '../routes/policy-routes.ts';
import { RULE_ACTIONS, RULE_MODES, SURFACES, wordOf } from '../words.ts';
import { answered } from './answered.ts';
import type { ActorPorts } from './handlers.ts';
import { countHits } from './rule-hits.ts';

type Routes = Pick<
  PolicyRoutes,
  | 'listRuleSets'
  | 'createRuleSet'
  | 'getRuleSet'
  | 'putRuleSet'
  | 'removeRuleSet'
  | 'testRules'
  | 'countRuleHits'
>;

/** Of rules that a tester gives in the body. */
const UNSTORED = 'unstored';

export const ruleSets = ({ accessPolicies }: ActorPorts): Handlers<Routes> => ({
  listRuleSets: async ({ actor, query }) => {
    const found = await accessPolicies.listRuleSets({ actor, page: pageIn(query) });
    return pageReply(found.ruleSets, found.nextAfter);
  },

  createRuleSet: async ({ actor, body, idempotentId }) => {
    const { name, departmentId = '', rules } = body;
    const ruleSetId = idempotentId('rs');
    const put = await accessPolicies.putRuleSet({
      actor,
      ruleSetId,
      name,
      departmentId,
      rules: rules.map(storedRule),
      expectedRevision: undefined,
    });
    const made = answered(put.ruleSet);
    return { status: 201, body: ruleSetReply(made) };
  },

  getRuleSet: async ({ actor, params: { ruleSet: ruleSetId } }) => ({
    body: ruleSetReply(answered((await accessPolicies.getRuleSet({ actor, ruleSetId })).ruleSet)),
  }),

  putRuleSet: async ({ actor, params: { ruleSet: ruleSetId }, body, expectedRevision }) => {
    const { name, departmentId = '', rules } = body;
    const put = await accessPolicies.putRuleSet({
      actor,
      ruleSetId,
      name,
      departmentId,
      rules: rules.map(storedRule),
      expectedRevision,
    });
    const set = answered(put.ruleSet);
    return { body: ruleSetReply(set) };
  },

  removeRuleSet: async ({ actor, params: { ruleSet: ruleSetId } }) => {
    const _set = answered((await accessPolicies.getRuleSet({ actor, ruleSetId })).ruleSet);
    await accessPolicies.removeRuleSet({ actor, ruleSetId });
    return { body: { ruleSetId } };
  },

  testRules: async ({ actor, body: { text, surface, ruleSets: ids, rules } }) => {
    const stored = await Promise.all(
      ids.map(async (ruleSetId) => answered((await accessPolicies.getRuleSet({ actor, ruleSetId })).ruleSet)),
    );
    const sets = stored.map(({ ruleSetId, revision, rules: own }) => ({
      ruleSetId,
      revision,
      rules: own.map(ruleReply),
    }));
    for (const [index, rule] of rules.entries()) mustBeRule(rule, index);
    const all = [...sets, { ruleSetId: UNSTORED, revision: 0n, rules }];
    const { hits, canonical } = explain(all, surface, text);
    return {
      body: { canonical, hits: hits.map((hit) => ({ ...hit, text: text.slice(hit.start, hit.end) })) },
    };
  },

  countRuleHits: async ({ records, query: { ruleSet, fromMs, untilMs } }) => ({
    body: await countHits(records, EventFilter.create({ fromMs, untilMs }), ruleSet),
  }),
});

function mustBeRule(rule: EngineRule, index: number): void {
  const wrong = checkRule(rule);
  if (wrong === undefined) return;
  throw new Fault('invalid', wrong.problem, { details: { field: `rules[${index}].${wrong.field}` } });
}

function storedRule({ mode, action, surfaces, ...rule }: EngineRule): Rule {
  return Rule.create({
    ...rule,
    mode: RULE_MODES[mode],
    action: RULE_ACTIONS[action],
    surfaces: surfaces.map((surface) => SURFACES[surface]),
  });
}

function ruleReply({ mode, action, surfaces, ...rule }: Rule) {
  return {
    ...rule,
    mode: wordOf(RULE_MODES, mode),
    action: wordOf(RULE_ACTIONS, action),
    surfaces: surfaces.map((surface) => wordOf(SURFACES, surface)),
  };
}

function ruleSetReply({ rules, ...set }: RuleSet) {
  return { ...set, rules: rules.map(ruleReply) };
}
