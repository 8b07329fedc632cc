import {
  type AccessPolicy,
  type Actor,
  CreateCompanyRequest,
  CreateDepartmentRequest,
  CreateUserRequest,
  PutAccessPolicyRequest,
  PutRuleSetRequest,
  Role,
  Rule,
  RuleAction,
  RuleMode,
} from '@ai-switch/contracts';
import { databases, transports } from '@ai-switch/testkit';
import { describe } from 'vitest';
import { AuthSubject, TENANT } from '../harness.ts';

export type Terms = Partial<
  Pick<AccessPolicy, 'models' | 'networks' | 'rateLimit' | 'userRateLimit' | 'isCachingAllowed' | 'ruleSets'>
>;

export const texts = (...values: string[]) => ({ values });

export const limit = (requestsPerMinute: number, tokensPerMinute = 0, concurrentRequests = 0) => ({
  requestsPerMinute: BigInt(requestsPerMinute),
  tokensPerMinute: BigInt(tokensPerMinute),
  concurrentRequests: BigInt(concurrentRequests),
});

export const rule = (pattern: string, rest: Partial<Rule> = {}): Rule =>
  Rule.create({
    ruleId: 'r1',
    mode: RuleMode.CONTAINS,
    action: RuleAction.BLOCK,
    pattern,
    ...rest,
  });

/** Who may what in these tests: `dep-a` over `dep-b` over `dep-c`, beside them `dep-s`, and another company. */
export interface World {
  readonly boss: Actor;
  /** Runs `dep-a` and what is below. */
  readonly ada: Actor;
  /** Runs `dep-b` and what is below. */
  readonly ben: Actor;
  /** A member in `dep-b`. */
  readonly mia: Actor;
  /** A member in `dep-s`. */
  readonly sam: Actor;
  /** Runs another company. */
  readonly eve: Actor;
}

/** On both databases, and once through the codecs and a socket. */
export function describePolicies(title: string, body: (subject: AuthSubject) => void): void {
  const [sqlite] = databases;
  const [direct] = transports;
  const remote = transports.at(-1);
  if (sqlite === undefined || direct === undefined || remote === undefined) throw new Error('no databases');
  const cases = [
    ...databases.map((kind) => ({ kind, transport: direct })),
    { kind: sqlite, transport: remote },
  ];
  describe.each(cases.map((each) => ({ ...each, name: `${each.kind.name}, ${each.transport.name}` })))(
    `${title} on $name`,
    ({ kind, transport }) => body(new AuthSubject(kind, transport)),
  );
}

export async function makeWorld(subject: AuthSubject): Promise<World> {
  const { organisation, root } = subject;
  await subject.makeBranch('a', 'b', 'c');
  await organisation.createDepartment(
    CreateDepartmentRequest.create({ actor: root, departmentId: 'dep-s', name: 's' }),
  );
  const user = async (name: string, options: Parameters<AuthSubject['makeUser']>[1]): Promise<Actor> => ({
    tenant: TENANT,
    userId: (await subject.makeUser(name, options)).userId,
  });
  await organisation.createCompany(
    CreateCompanyRequest.create({ actor: root, tenant: 'other', name: 'Other' }),
  );
  const inOther = { tenant: 'other', userId: root.userId };
  const { user: eve } = await organisation.createUser(
    CreateUserRequest.create({ actor: inOther, name: 'eve' }),
  );
  const { userId = '' } = eve ?? {};
  await organisation.grantRole({ actor: inOther, userId, role: Role.COMPANY_ADMIN, departmentId: '' });
  return {
    boss: await user('boss', { role: Role.COMPANY_ADMIN }),
    ada: await user('ada', { role: Role.DEPARTMENT_ADMIN, departmentId: 'dep-a' }),
    ben: await user('ben', { role: Role.DEPARTMENT_ADMIN, departmentId: 'dep-b' }),
    mia: await user('mia', { departmentId: 'dep-b' }),
    sam: await user('sam', { departmentId: 'dep-s' }),
    eve: { tenant: 'other', userId },
  };
}

export async function setPolicy(
  subject: AuthSubject,
  actor: Actor,
  scope: string,
  terms: Terms,
  expectedRevision?: bigint,
): Promise<AccessPolicy | undefined> {
  const request = {
    actor,
    policy: { scope, ...terms },
    ...(expectedRevision !== undefined && { expectedRevision }),
  };
  return (await subject.accessPolicies.putAccessPolicy(PutAccessPolicyRequest.create(request))).policy;
}

export async function putRules(
  subject: AuthSubject,
  actor: Actor,
  ruleSetId: string,
  rest: { readonly departmentId?: string; readonly rules?: Rule[]; readonly expectedRevision?: bigint } = {},
) {
  const request = { actor, ruleSetId, name: ruleSetId || 'unnamed', rules: [rule('rm -rf')], ...rest };
  return (await subject.accessPolicies.putRuleSet(PutRuleSetRequest.create(request))).ruleSet;
}
