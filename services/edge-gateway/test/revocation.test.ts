import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openAuth } from '@ai-switch/auth';
import { AuthDefinition, RevokeKeyRequest } from '@ai-switch/contracts';
import { connect, serve } from '@ai-switch/rpc';
import { createLogger } from '@ai-switch/telemetry';
import { expect, test } from 'vitest';
import { ChangeWatch } from '../src/remembered/change-watch.ts';
import { rememberedAuth } from '../src/remembered/remembered-auth.ts';
import { openGateway } from './gateway.ts';

test('a key that another process revokes is refused within five seconds, though the edge remembers it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'aiswitch-auth-'));
  const databaseUrl = `sqlite:${join(folder, 'auth.db')}`;
  // One answers the edge over gRPC; an admin's word reaches the other.
  const answering = await openAuth({ databaseUrl });
  const changing = await openAuth({ databaseUrl });
  const server = await serve([{ definition: AuthDefinition, implementation: answering.auth }], {
    address: '127.0.0.1:0',
  });
  const remote = connect(AuthDefinition, `127.0.0.1:${server.port}`);
  let calls = 0;
  const counted = {
    authenticateSession: remote.authenticateSession,
    getRules: remote.getRules,
    watchCallers: remote.watchCallers,
    authenticate: (request: Parameters<typeof remote.authenticate>[0]) => {
      calls += 1;
      return remote.authenticate(request);
    },
  };
  const logger = createLogger({ service: 'edge-gateway', level: 'silent' });
  const watch = new ChangeWatch({
    what: 'callers',
    watch: remote.watchCallers,
    logger,
  }).start();
  const gateway = await openGateway({
    wrap: (ports) => ({ ...ports, auth: rememberedAuth(counted, watch) }),
  });
  try {
    const key = answering.firstRootKey ?? '';
    const ask = async () => {
      const response = await fetch(`${gateway.url}/v1/models`, { headers: { 'x-api-key': key } });
      await response.text();
      return response.status;
    };
    for (let count = 0; count < 200; count += 1) expect(await ask()).toBe(200);
    expect(calls).toBeLessThan(5);

    const keyId = key.split('_')[1] ?? '';
    await changing.organisation.revokeKey(RevokeKeyRequest.create({ actor: changing.root, keyId }));
    const revokedAt = performance.now();
    let status = 200;
    while (status === 200 && performance.now() - revokedAt < 10_000) {
      await sleep(20);
      status = await ask();
    }
    expect(status).toBe(401);
    expect(performance.now() - revokedAt).toBeLessThan(5_000);
    for (let count = 0; count < 20; count += 1) expect(await ask()).toBe(401);
  } finally {
    watch.close();
    await gateway[Symbol.asyncDispose]();
    remote.close();
    await server.close(0);
    await Promise.all([answering.close(), changing.close()]);
    await rm(folder, { recursive: true, force: true });
  }
});
