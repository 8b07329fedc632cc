// The document that clients are made of.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { expect, it } from 'vitest';
import { clientTypes } from '../src/openapi/client-types.ts';
import { openApiDocument } from '../src/openapi/document.ts';

/** What the recommended rules say that does not hold here, and why. */
const DECIDED: Readonly<Record<string, 'off'>> = {};

it('the document passes the recommended rules of the linter', async () => {
  const config = await createConfig({ extends: ['recommended'], rules: DECIDED });
  const problems = await lintFromString({ source: JSON.stringify(openApiDocument()), config });
  expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual(
    [],
  );
});

it('the client of the command line is made of the document as it is', () => {
  const types = readFileSync(join(import.meta.dirname, '../generated/admin-api.ts'), 'utf8');
  expect(types, 'run `npm run setup`').toBe(clientTypes(openApiDocument()));
});
