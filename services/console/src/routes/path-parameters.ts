// The vocabulary of the paths: each name stands for one thing in every path.

import { z } from 'zod';
import { reference, unitId } from './schemas.ts';

export const PATH_PARAMETERS = {
  company: reference.describe('Id of a company.'),
  department: unitId.describe('Id of a department.'),
  user: reference.describe('Id or name of a user.'),
  roleGrantId: reference.describe('Id of a grant of a role.'),
  project: unitId.describe('Id of a project.'),
  keyId: reference.describe('Id of a key.'),
  provider: reference.describe('Name of a provider.'),
  credentialId: reference.describe('Id of a credential.'),
  alias: z.string().min(1).max(128).describe('Name of an alias; a slash in it is written %2F.'),
  version: reference.describe('Version of a price book, its number, or `current`.'),
  bucket: z
    .string()
    .min(1)
    .max(300)
    .describe(
      '`personal:<user>`, `project:<id>`, `department:<id>`, `model:<name>`, `grant:<id>`, `company` or `platform`.',
    ),
  grant: unitId.describe('Id of a grant of quota.'),
  scope: z
    .string()
    .min(1)
    .max(300)
    .describe('`company`, `department:<id>`, `project:<id>`, `user:<id or name>` or `key:<id>`.'),
  reservationId: reference.describe('Id of a reservation, as the header x-aiswitch-receipt has it.'),
  ruleSet: reference.describe('Id of a rule set.'),
  quotaRequest: unitId.describe('Id of a quota request.'),
  sessionId: reference.describe('Id of a session, or `current`.'),
  identityProvider: unitId.describe('Id of an identity provider.'),
} as const satisfies Record<string, z.ZodType<string>>;

export type PathParameter = keyof typeof PATH_PARAMETERS;
export type ParameterOf<Name extends PathParameter> = z.output<(typeof PATH_PARAMETERS)[Name]>;
