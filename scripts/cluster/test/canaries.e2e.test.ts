// Secrets in every header, field and error path of separate services that log, trace and record all they can: none of them is kept.

import { openIssuer } from '@ai-switch/console/test/issuer';
import { openCollector } from '@ai-switch/edge-gateway/test/collector';
import { type Gateway, PROVIDER_KEY, setUpGateway } from '@ai-switch/standalone/test/gateway';
import { temporaryFolder, whyNoKafka, whyNoRedis } from '@ai-switch/testkit';
import { expect, test } from 'vitest';
import { openCluster } from '../cluster.ts';
import { openComponents } from '../components.ts';
import { Canaries } from './canaries.ts';
import { forbid, giveSecrets, sayAround, sayInPrompts } from './canary-requests.ts';
import { everythingKept, type Kept } from './what-is-kept.ts';

const missing = (await whyNoRedis()) ?? (await whyNoKafka());

test.each([
  ['as it is', (secret: string) => `x${secret.toUpperCase()}y`],
  ['in hexadecimal', (secret: string) => Buffer.from(`x${secret}y`).toString('hex')],
  ['in base64', (secret: string) => Buffer.from(`x${secret}y`).toString('base64')],
  ['in base64, one further', (secret: string) => Buffer.from(`xy${secret}`).toString('base64url')],
  ['in base64, two further', (secret: string) => Buffer.from(`xyz${secret}z`).toString('base64')],
])('a secret is found %s', (_form, write) => {
  const canaries = new Canaries();
  const secret = canaries.plant('there');
  expect(canaries.in('here', write(secret))).toMatchObject([{ planted: 'there' }]);
  expect(canaries.in('here', write(new Canaries().plant('elsewhere')))).toEqual([]);
});

test('a secret is in no log line, span, message, table or file', async ({ skip }) => {
  if (missing !== undefined) skip(missing);
  using folder = temporaryFolder();
  await using components = await openComponents();
  const collector = await openCollector();
  const issuer = await openIssuer();
  const logged: Kept[] = [];
  const cluster = await openCluster({
    folder: folder.path,
    components,
    environment: collector.environment,
    logLevel: 'trace',
    onLog: (name, text) => logged.push({ where: `log of ${name}`, text }),
  });
  await using gateway = await setUpGateway({ url: cluster.url, key: cluster.rootKey }, async () => {
    await cluster[Symbol.asyncDispose]();
    await issuer.close();
    await collector.close();
  });
  const canaries = new Canaries();
  canaries.note('the first root key', cluster.rootKey);
  canaries.note('the credential of the providers', PROVIDER_KEY);

  await forbid(gateway);
  const sent = await sayInPrompts(gateway, canaries);
  await sayAround(gateway, canaries);
  await giveSecrets(gateway, issuer.url, canaries);
  const mark = await allIsRecorded(gateway);

  const kept = [...logged, ...(await everythingKept(folder.path, components, collector))];
  // The search sees what may be there.
  for (const where of [/^table audit\./, /^Kafka$/, /^spans$/, /^log of edge-gateway$/]) {
    const texts = kept.filter((each) => where.test(each.where)).map(({ text }) => text);
    expect(texts.join(), String(where)).toContain(mark);
  }
  expect(kept.find(({ where }) => where === 'table auth.users')?.text).toContain('root');
  expect(sent).toBe(64);
  expect(canaries.count).toBeGreaterThan(450);
  expect(kept.flatMap(({ where, text }) => canaries.in(where, text))).toEqual([]);
}, 180_000);

/** @returns an id of a request that is in the logs, the spans and the records, which came last */
async function allIsRecorded({ url, key, provider }: Gateway): Promise<string> {
  const headers = { 'x-api-key': key };
  const admin = (path: string, init: RequestInit = {}) =>
    fetch(`${url}/api/admin/v1${path}`, { headers, ...init });
  provider.otherwise = { status: 500 };
  const body = JSON.stringify({ model: 'chat', messages: [{ role: 'user', content: 'Hello.' }] });
  const failed = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body });
  const id = failed.headers.get('x-request-id') ?? '';
  await admin('/users', { method: 'POST', body: JSON.stringify({ name: 'the-last-one' }) });
  const isListed = async (path: string, text: string) => (await (await admin(path)).text()).includes(text);
  await expect.poll(() => isListed('/access-log', id), { timeout: 20_000 }).toBe(true);
  await expect.poll(() => isListed('/audit-events', 'the-last-one'), { timeout: 20_000 }).toBe(true);
  return id;
}
