import { generateKeyPairSync } from 'node:crypto';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Signed, verifierOf } from '@ai-switch/event-log';
import { temporaryFolder } from '@ai-switch/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openAuditLog, openSigningKey } from '../src/index.ts';
import { record, START_MS, TestProducer } from './rows.ts';
import { newSigner, verify } from './trail-source.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

describe('the signing key', () => {
  test('is made once, for its owner only', async () => {
    const path = join(folder.path, 'signing.key');
    const made = await Promise.all([1, 2, 3].map(() => openSigningKey(path, { mayCreate: true })));
    const again = await openSigningKey(path, { mayCreate: false });
    expect(new Set([...made, again].map(({ keyId }) => keyId)).size).toBe(1);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder.path)).toEqual(['signing.key']);
  });

  const pemOf = (type: 'ed25519' | 'x25519') =>
    generateKeyPairSync(type as 'ed25519')
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString();
  test.each([
    ['that is not there', undefined, 0o600, /openssl genpkey/],
    ['that others can read', pemOf('ed25519'), 0o640, /chmod 600/],
    ['of another kind', pemOf('x25519'), 0o600, /no Ed25519 private key/],
    ['of nothing', '', 0o600, /no Ed25519 private key/],
  ])('%s is refused with one line that says what to do', async (_name, text, mode, message) => {
    const path = join(folder.path, 'signing.key');
    if (text !== undefined) {
      await writeFile(path, text);
      await chmod(path, mode);
    }
    const opening = openSigningKey(path, { mayCreate: false });
    await expect(opening).rejects.toMatchObject({
      name: 'ConfigError',
      message: expect.stringMatching(message),
    });
  });
});

describe('a folder of roots', () => {
  test('gets every root once, also those from before there was the folder, and the trail has all of them', async () => {
    const signer = newSigner();
    const databaseUrl = `sqlite:${join(folder.path, 'audit.db')}`;
    const rootsPath = join(folder.path, 'roots');
    const options = { databaseUrl, signer, clock: { nowMs: () => START_MS } };
    const before = await openAuditLog(options);
    const producer = new TestProducer(before.auditLog);
    await producer.access([record({})]);
    await before.signRoot();
    await before.close();
    const opened = await openAuditLog({ ...options, rootsPath });
    await opened.signRoot();
    await opened.signRoot();
    const names = await readdir(rootsPath);
    expect(names.sort()).toEqual([1, 2, 3].map((number) => `root-00000000${number}.json`));
    const anchors = await Promise.all(
      names.map(async (name): Promise<Signed> => JSON.parse(await readFile(join(rootsPath, name), 'utf8'))),
    );
    for (const { statement, signature } of anchors) {
      const { keyId } = JSON.parse(statement);
      expect(verifierOf(signer.publicKey)(keyId, statement, Buffer.from(signature, 'base64'))).toBe(true);
    }
    expect((await verify(opened.auditLog, signer, anchors)).faults).toEqual([]);
    await opened.close();

    // Another trail, made anew with the same key by who has both: only what was kept elsewhere tells.
    const forged = await openAuditLog({ ...options, databaseUrl: 'sqlite::memory:' });
    await new TestProducer(forged.auditLog, 1, producer.producer).access([record({ outcome: 'refused' })]);
    await forged.signRoot();
    expect((await verify(forged.auditLog, signer)).faults).toEqual([]);
    expect((await verify(forged.auditLog, signer, anchors)).faultCount).toBe(3);
    await forged.close();
  });
});

test('a row that somebody changed is not signed again, whatever comes after', async () => {
  const signer = newSigner();
  const databaseUrl = `sqlite:${join(folder.path, 'audit.db')}`;
  const opened = await openAuditLog({ databaseUrl, signer });
  const producer = new TestProducer(opened.auditLog);
  await producer.access([record({}), record({}), record({})]);
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(join(folder.path, 'audit.db'));
  database.exec('delete from access_records where sequence = 3');
  database.exec('update producer_logs set stored = 2, last_sequence = 2');
  database.exec('update trail_head set roots = 0, logs = 1');
  database.close();
  expect((await verify(opened.auditLog, signer)).faultCount).toBeGreaterThan(0);
  producer.records.pop();
  await producer.access([record({}), record({})]);
  await producer.announce();
  await opened.signRoot();
  const { faults } = await verify(opened.auditLog, signer);
  expect(faults.map(({ what }) => what)).toContain('its state is not signed');
  await opened.close();
});
