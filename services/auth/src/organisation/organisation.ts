import type { Organisation } from '@ai-switch/contracts';
import { companyCalls } from './companies.ts';
import type { OrganisationContext } from './context.ts';
import { departmentCalls } from './departments.ts';
import { importCalls } from './import.ts';
import { keyCalls } from './keys.ts';
import { projectCalls } from './projects.ts';
import { roleCalls } from './roles.ts';
import { userCalls } from './users.ts';

/** The Organisation port on a database. */
export function organisationPort(context: OrganisationContext): Organisation {
  return {
    ...companyCalls(context),
    ...departmentCalls(context),
    ...userCalls(context),
    ...roleCalls(context),
    ...projectCalls(context),
    ...keyCalls(context),
    ...importCalls(context),
  };
}
