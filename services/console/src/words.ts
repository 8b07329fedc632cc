// The enums of the contract as the words of the admin API.

import {
  KeyScope,
  QuotaRequestState,
  Role,
  RuleAction,
  RuleMode,
  Surface,
  UsageGroup,
} from '@ai-switch/contracts';

export const ROLES = {
  root: Role.ROOT,
  companyAdmin: Role.COMPANY_ADMIN,
  departmentAdmin: Role.DEPARTMENT_ADMIN,
  member: Role.MEMBER,
} as const;

export const KEY_SCOPES = {
  inference: KeyScope.INFERENCE,
  adminRead: KeyScope.ADMIN_READ,
  admin: KeyScope.ADMIN,
} as const;

export const RULE_MODES = {
  exact: RuleMode.EXACT,
  prefix: RuleMode.PREFIX,
  contains: RuleMode.CONTAINS,
  glob: RuleMode.GLOB,
  regex: RuleMode.REGEX,
} as const;

export const RULE_ACTIONS = {
  block: RuleAction.BLOCK,
  flag: RuleAction.FLAG,
  shadow: RuleAction.SHADOW,
} as const;

export const SURFACES = {
  prompt: Surface.PROMPT,
  toolCall: Surface.TOOL_CALL,
  toolResult: Surface.TOOL_RESULT,
} as const;

export const QUOTA_REQUEST_STATES = {
  open: QuotaRequestState.OPEN,
  approved: QuotaRequestState.APPROVED,
  refused: QuotaRequestState.REFUSED,
  withdrawn: QuotaRequestState.WITHDRAWN,
} as const;

export const USAGE_GROUPS = {
  user: UsageGroup.USER,
  department: UsageGroup.DEPARTMENT,
  project: UsageGroup.PROJECT,
  model: UsageGroup.MODEL,
  day: UsageGroup.DAY,
  hour: UsageGroup.HOUR,
} as const;

/** From the lowest up. */
const RANKING: readonly Role[] = [
  Role.UNSPECIFIED,
  Role.MEMBER,
  Role.DEPARTMENT_ADMIN,
  Role.COMPANY_ADMIN,
  Role.ROOT,
];

export function isBelow(role: Role, least: Role): boolean {
  return RANKING.indexOf(role) < RANKING.indexOf(least);
}

/** The keys of such a table, as zod's enums take them. */
export function wordsOf<Word extends string>(words: Readonly<Record<Word, string>>): [Word, ...Word[]] {
  return Object.keys(words) as [Word, ...Word[]];
}

/** The word for a value; undefined for one of a newer contract. */
export function wordFor<Word extends string>(
  words: Readonly<Record<Word, string>>,
  value: string,
): Word | undefined {
  return wordsOf(words).find((word) => words[word] === value);
}

/** The word for a value that has one. */
export function wordOf<Word extends string>(words: Readonly<Record<Word, string>>, value: string): Word {
  const word = wordFor(words, value);
  if (word === undefined) throw new TypeError(`the admin API has no word for ${value}`);
  return word;
}
