// A branch that moves rewrites the paths of what is in it. What is written meanwhile waits for the place where it belongs.

import { openDatabase } from '@ai-switch/db';
import { databases, transports } from '@ai-switch/testkit';
import { describe, expect, it } from 'vitest';
import { type AuthSchema, migrations } from '../../src/schema.ts';
import { AuthSubject, TENANT } from '../harness.ts';
import { makeWorld, putRules, setPolicy } from './world.ts';

const postgres = databases.find(({ name }) => name === 'postgres');
const [direct] = transports;

describe('while a branch moves', () => {
  if (postgres === undefined || direct === undefined) throw new Error('no PostgreSQL');
  const subject = new AuthSubject(postgres, direct);

  it.each([
    ['a policy', () => setPolicy(subject, subject.root, 'department:dep-c', {})],
    ['a rule set', () => putRules(subject, subject.root, 'shell', { departmentId: 'dep-c' })],
  ] as const)('%s is written after it', async (_what, write) => {
    await makeWorld(subject);
    const another = await openDatabase<AuthSchema>({ url: subject.databaseUrl, schema: 'auth', migrations });
    let isWritten = false;
    const writing = await another.transaction(async (trx) => {
      await trx.selectFrom('companies').select('tenant').where('tenant', '=', TENANT).forUpdate().execute();
      const started = write().then(() => {
        isWritten = true;
      });
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(isWritten).toBe(false);
      return { started };
    });
    await writing.started;
    expect(isWritten).toBe(true);
    await another.close();
  });
});
