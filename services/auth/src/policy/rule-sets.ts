import { type AccessPolicies, type Auth, type Rule, type RuleSet, Surface } from '@ai-switch/contracts';
import { checkRule, type Rule as EngineRule, RULES_PER_SET_MAX } from '@ai-switch/interception';
import { Fault, newId } from '@ai-switch/kernel';
import { type AuthDatabase, type AuthRows, authorityOf } from '../authority.ts';
import { record } from '../changes.ts';
import { lockTree, pathOfDepartment } from '../organisation/tree.ts';
import {
  checkId,
  checkRevision,
  checkTitle,
  checkUnitId,
  invalid,
  pageOf,
  readPage,
} from '../request-rules.ts';
import type { PolicyContext } from './context.ts';
import { termsIn } from './policy-terms.ts';
import { actionOf, modeOf, surfaceOf } from './rule-words.ts';
import type { RuleSetRow } from './schema.ts';

type Calls = Pick<AccessPolicies, 'putRuleSet' | 'getRuleSet' | 'listRuleSets' | 'removeRuleSet'>;

const MESSAGE_CHARACTERS_MAX = 500;
/** Of one company. */
const RULE_SETS_MAX = 1_000;
/** Of one call of the edge: what the policies of one caller may name. */
const WANTED_MAX = 200;
/** Of rules in one answer, which a message has to carry; one set is always in it. */
const ANSWER_CHARACTERS_MAX = 1024 * 1024;

export function ruleSetCalls({ database, clock, onChange }: PolicyContext): Calls {
  return {
    putRuleSet: async ({ actor, ruleSetId, name, departmentId, rules, expectedRevision }) => {
      if (ruleSetId !== '') checkUnitId('ruleSetId', ruleSetId);
      checkTitle(name);
      checkRules(rules);
      const authority = await authorityOf(database, actor);
      const row = await database.within(authority.scope, async (rows) => {
        await lockTree(rows, 'share');
        const before = ruleSetId === '' ? undefined : await findIfThere(rows, ruleSetId);
        const path = before?.department_path ?? (await pathOfDepartment(rows, departmentId));
        authority.mustRun(path);
        checkRevision(expectedRevision, before?.revision ?? 0n);
        const nowMs = clock.nowMs();
        const after: RuleSetRow = {
          rule_set_id: ruleSetId === '' ? newId('rs', nowMs) : ruleSetId,
          tenant: authority.tenant,
          name,
          department_path: path,
          rules: JSON.stringify(rules),
          rule_count: BigInt(rules.length),
          // One that is made anew under an old id is newer than what an edge may know of the old one.
          revision: before === undefined ? BigInt(nowMs) : before.revision + 1n,
          updated_at_ms: BigInt(nowMs),
        };
        if (before === undefined) await insertRuleSet(rows, after);
        else await rows.updateTable('rule_sets').set(after).where('rule_set_id', '=', ruleSetId).execute();
        await record(rows, authority, { action: 'ruleSet.put', ...concerning(after) });
        return after;
      });
      onChange(authority.tenant);
      return { ruleSet: ruleSetOf(row) };
    },

    getRuleSet: async ({ actor, ruleSetId }) => {
      checkId('ruleSetId', ruleSetId);
      const { scope } = await authorityOf(database, actor);
      return { ruleSet: ruleSetOf(await database.within(scope, (rows) => findRuleSet(rows, ruleSetId))) };
    },

    listRuleSets: async ({ actor, page }) => {
      const wanted = readPage(page);
      const { scope } = await authorityOf(database, actor);
      const found = await database.within(scope, (rows) =>
        rows
          .selectFrom('rule_sets')
          .selectAll()
          .where('rule_set_id', '>', wanted.after)
          .orderBy('rule_set_id')
          .limit(wanted.rowsMax + 1)
          .execute(),
      );
      const withoutRules = (row: RuleSetRow) => ({ ...ruleSetOf(row), rules: [] });
      const { items, nextAfter } = pageOf(found, wanted, withoutRules, (row) => row.rule_set_id);
      return { ruleSets: items, nextAfter };
    },

    removeRuleSet: async ({ actor, ruleSetId }) => {
      checkId('ruleSetId', ruleSetId);
      const authority = await authorityOf(database, actor);
      await database.within(authority.scope, async (rows) => {
        const row = await findIfThere(rows, ruleSetId);
        if (row === undefined) return;
        authority.mustRun(row.department_path);
        await checkUnused(rows, ruleSetId);
        await rows.deleteFrom('rule_sets').where('rule_set_id', '=', ruleSetId).execute();
        await record(rows, authority, { action: 'ruleSet.remove', ...concerning(row) });
      });
      onChange(authority.tenant);
      return {};
    },
  };
}

function concerning({ rule_set_id, name, rule_count, revision, department_path }: RuleSetRow) {
  const details = { name, rules: String(rule_count), revision: String(revision) };
  return { subject: rule_set_id, details, departmentPath: department_path };
}

/** For the edge, which knows the ids from a caller's policy. */
export function ruleCalls(database: AuthDatabase): Pick<Auth, 'getRules'> {
  return {
    getRules: async ({ tenant, ruleSetIds, known }) => {
      if (ruleSetIds.length > WANTED_MAX) {
        throw new Fault('tooLarge', `At most ${WANTED_MAX} rule sets are asked for at once.`);
      }
      if (ruleSetIds.length === 0) return { ruleSets: [] };
      const found = await database
        .asSystem('authentication')
        .selectFrom('rule_sets')
        .selectAll()
        .where('tenant', '=', tenant)
        .where('rule_set_id', 'in', ruleSetIds)
        .execute();
      const isKnown = (row: RuleSetRow) =>
        known.some(({ ruleSetId, revision }) => ruleSetId === row.rule_set_id && revision === row.revision);
      const wanted = found.filter((row) => !isKnown(row));
      let characters = 0;
      const end = wanted.findIndex((row, index) => {
        characters += row.rules.length;
        return index > 0 && characters > ANSWER_CHARACTERS_MAX;
      });
      return { ruleSets: (end === -1 ? wanted : wanted.slice(0, end)).map(ruleSetOf) };
    },
  };
}

/** @throws Fault `invalid` that names the rule and its field */
function checkRules(rules: readonly Rule[]): void {
  if (rules.length > RULES_PER_SET_MAX) {
    throw invalid('rules', `A rule set has at most ${RULES_PER_SET_MAX} rules.`);
  }
  const ids = new Set<string>();
  for (const [index, rule] of rules.entries()) {
    const at = `rules[${index}]`;
    checkUnitId(`${at}.ruleId`, rule.ruleId);
    if (ids.has(rule.ruleId)) throw invalid(`${at}.ruleId`, 'A rule before it has the same id.');
    ids.add(rule.ruleId);
    if (rule.message.length > MESSAGE_CHARACTERS_MAX) {
      throw invalid(`${at}.message`, `A message has at most ${MESSAGE_CHARACTERS_MAX} characters.`);
    }
    const wrong = checkRule(engineRuleOf(rule, at));
    if (wrong !== undefined) throw invalid(`${at}.${wrong.field}`, wrong.problem);
  }
}

function engineRuleOf(rule: Rule, at: string): EngineRule {
  const { ruleId, pattern, isCaseSensitive, message } = rule;
  const [mode, action] = [modeOf(rule.mode), actionOf(rule.action)];
  if (mode === undefined) throw invalid(`${at}.mode`, 'A mode is exact, prefix, contains, glob or regex.');
  if (action === undefined) throw invalid(`${at}.action`, 'An action is block, flag or shadow.');
  const surfaces = rule.surfaces.flatMap((surface) => surfaceOf(surface) ?? []);
  if (rule.surfaces.includes(Surface.UNSPECIFIED)) {
    throw invalid(`${at}.surfaces`, 'A surface is prompt, toolCall or toolResult.');
  }
  return { ruleId, mode, pattern, action, surfaces, isCaseSensitive, message };
}

async function insertRuleSet(rows: AuthRows, row: RuleSetRow): Promise<void> {
  const taken = await rows.asSystem('consequence', async (trx) => {
    const { count } = await trx
      .selectFrom('rule_sets')
      .select(({ fn }) => fn.countAll<bigint>().as('count'))
      .where('tenant', '=', row.tenant)
      .executeTakeFirstOrThrow();
    if (count >= BigInt(RULE_SETS_MAX)) {
      throw new Fault('conflict', `A company has at most ${RULE_SETS_MAX} rule sets.`);
    }
    return trx
      .selectFrom('rule_sets')
      .select('rule_set_id')
      .where('tenant', '=', row.tenant)
      .where('rule_set_id', '=', row.rule_set_id)
      .executeTakeFirst();
  });
  if (taken !== undefined) throw new Fault('conflict', 'A rule set of this id is there already.');
  await rows.insert('rule_sets', row);
}

function findIfThere(rows: AuthRows, ruleSetId: string): Promise<RuleSetRow | undefined> {
  return rows
    .selectFrom('rule_sets')
    .selectAll()
    .where('rule_set_id', '=', ruleSetId)
    .forUpdate()
    .executeTakeFirst();
}

async function findRuleSet(rows: AuthRows, ruleSetId: string): Promise<RuleSetRow> {
  const row = await findIfThere(rows, ruleSetId);
  if (row === undefined) throw new Fault('notFound', 'There is no such rule set.');
  return row;
}

/** @throws Fault `conflict` while a policy names it, in sight or not */
async function checkUnused(rows: AuthRows, ruleSetId: string): Promise<void> {
  const policies = await rows.asSystem('consequence', (trx) =>
    trx
      .selectFrom('access_policies')
      .select('terms')
      .where('tenant', '=', rows.scope.tenant)
      .where('terms', 'like', '%"ruleSets"%')
      .execute(),
  );
  if (policies.some((row) => termsIn(row).ruleSets?.includes(ruleSetId))) {
    throw new Fault('conflict', 'A policy names this rule set. Please take it out there first.');
  }
}

function ruleSetOf(row: RuleSetRow): RuleSet {
  return {
    ruleSetId: row.rule_set_id,
    tenant: row.tenant,
    name: row.name,
    departmentPath: row.department_path,
    rules: JSON.parse(row.rules) as Rule[],
    revision: row.revision,
    updatedAtMs: row.updated_at_ms,
  };
}
