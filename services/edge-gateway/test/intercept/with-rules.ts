// A gateway whose callers have rule sets, which auth would have resolved from their access policies.

import type { AuditEvent, CallerPolicy } from '@ai-switch/contracts';
import {
  type Auth,
  type EdgePorts,
  Rule,
  RuleAction,
  RuleMode,
  RuleSet,
  Surface,
} from '@ai-switch/contracts';
import { type Gateway, type GatewayOptions, openGateway, until } from '../gateway.ts';

export interface RuledGateway extends Gateway {
  /** What every caller has from the next request on. */
  readonly rules: RuleSet[];
  /** How auth answers who asks for rules, and how often it was asked. */
  readonly auth: {
    asked: number;
    isDown: boolean;
    has: readonly RuleSet[];
    delayMs: number;
    answersMax: number;
  };
  /** The audit events about a request, once there are as many. */
  events(requestId: string | null, count: number): Promise<readonly AuditEvent[]>;
  allEvents(): Promise<readonly AuditEvent[]>;
}

export async function openRuledGateway(options: GatewayOptions = {}): Promise<RuledGateway> {
  const rules: RuleSet[] = [];
  const state = { asked: 0, isDown: false, has: rules as readonly RuleSet[], delayMs: 0, answersMax: 100 };
  const ruled = (auth: Auth): Auth => ({
    authenticateSession: (request) => auth.authenticateSession(request),
    watchCallers: (request) => auth.watchCallers(request),
    authenticate: async (request) => {
      const answer = await auth.authenticate(request);
      const ruleSets = rules.map(({ ruleSetId, revision }) => ({ ruleSetId, revision }));
      const { caller } = answer;
      const policy = { ...(caller?.policy as CallerPolicy), ruleSets };
      return caller === undefined ? answer : { caller: { ...caller, policy } };
    },
    getRules: async ({ ruleSetIds }) => {
      state.asked += 1;
      await new Promise((resolve) => setTimeout(resolve, state.delayMs));
      if (state.isDown) throw new Error('auth is down');
      const wanted = state.has.filter(({ ruleSetId }) => ruleSetIds.includes(ruleSetId));
      return { ruleSets: wanted.slice(0, state.answersMax) };
    },
  });
  const gateway = await openGateway({
    ...options,
    wrap: (ports): EdgePorts => {
      const wrapped = options.wrap?.(ports) ?? ports;
      return { ...wrapped, auth: ruled(wrapped.auth) };
    },
  });
  const allEvents = async () => {
    return gateway.log.events.filter(({ action }) => action.startsWith('interception.'));
  };
  return Object.assign(gateway, {
    rules,
    auth: state,
    allEvents,
    events: async (requestId: string | null, count: number) => {
      const find = async () => (await allEvents()).filter((event) => event.requestId === requestId);
      await until(async () => (await find()).length >= count, `no ${count} events of ${requestId}`);
      return find();
    },
  });
}

let revision = 0n;

/** A set that no gateway has seen. */
export function setOf(...rules: readonly Partial<Rule>[]): RuleSet {
  revision += 1n;
  return RuleSet.create({
    ruleSetId: `set_${revision}`,
    revision,
    rules: rules.map((rule, at) => rule_({ ruleId: `rule-${at + 1}`, ...rule })),
  });
}

function rule_(rule: Partial<Rule>): Rule {
  return Rule.create({ mode: RuleMode.CONTAINS, action: RuleAction.BLOCK, message: '', ...rule });
}

export const ON_CALLS = [Surface.TOOL_CALL];
export const ON_PROMPTS = [Surface.PROMPT];
