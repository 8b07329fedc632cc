import { Role } from '@ai-switch/contracts';

/** The higher, the more. */
export const RANK_OF: Readonly<Record<Role, number>> = {
  [Role.UNSPECIFIED]: 0,
  [Role.MEMBER]: 1,
  [Role.DEPARTMENT_ADMIN]: 2,
  [Role.COMPANY_ADMIN]: 3,
  [Role.ROOT]: 4,
};

export function roleOf(text: string): Role {
  return Object.values(Role).find((role) => role === text) ?? Role.UNSPECIFIED;
}

/** Everybody is a member. */
export function highestOf(roles: readonly Role[]): Role {
  return roles.reduce((highest, role) => (RANK_OF[role] > RANK_OF[highest] ? role : highest), Role.MEMBER);
}
