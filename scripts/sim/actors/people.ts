// Whoever asks. Both companies use the same names, so that a row of one can be mistaken for the other's.

import type { Subject } from '@ai-switch/contracts';
import type { Random } from '../random.ts';

export const TENANTS = ['acme', 'globex'];
export const USERS = ['ann', 'bob', 'cid'];
export const PROJECTS = ['apollo', 'gemini'];
export const DEPARTMENTS = ['all', 'tech', 'web', 'crew'];
export const MODELS = ['glm', 'opus'];

export function tenantOf(random: Random): string {
  return random.chance(0.8) ? 'acme' : 'globex';
}

/** A user mostly stands in one place; what he works on changes. */
export function subjectOf(random: Random): Subject {
  const user = random.whole(0, USERS.length - 1);
  const depth = [4, 2, 0][user] ?? 0;
  return {
    userId: USERS[user] ?? '',
    projectId: random.chance(0.5) ? random.pick(PROJECTS) : '',
    departmentIds: DEPARTMENTS.slice(0, random.chance(0.9) ? depth : 1),
    model: random.chance(0.8) ? random.pick(MODELS) : '',
  };
}
