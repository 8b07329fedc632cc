// How old what an edge remembers can get: two replicas of auth, router and ledger on one PostgreSQL, a change made at one of them,
// and an edge that has remembered for long enough to believe for a minute what its watch vouches for.

import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openAuth } from '@ai-switch/auth';
import {
  AuthDefinition,
  CreateKeyRequest,
  HoldRule,
  Policy,
  QuotaLedgerDefinition,
  RevokeKeyRequest,
  RouterDefinition,
} from '@ai-switch/contracts';
import { asFault, systemClock } from '@ai-switch/kernel';
import { openQuotaLedger } from '@ai-switch/quota-ledger';
import { openRouter } from '@ai-switch/router';
import { connect, type Server, serve } from '@ai-switch/rpc';
import { createLogger } from '@ai-switch/telemetry';
import { databases, type FreshDatabase, LOOPBACK_NETWORKS } from '@ai-switch/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { ChangeWatch } from '../src/remembered/change-watch.ts';
import { Policies } from '../src/remembered/policies.ts';
import { rememberedAuth } from '../src/remembered/remembered-auth.ts';
import { RememberedRoutes } from '../src/remembered/routes.ts';

const BOUND_MS = 5_000;
/** While nothing is broken: who was told by one replica may ask the other too early, and believes it for 2.5 s. */
const USUAL_MS = 3_500;
const LONG_MS = 60_000;

const logger = createLogger({ service: 'edge-gateway', level: 'silent' });
const postgres = databases.filter(({ name }) => name === 'postgres');

describe.each(postgres)('what an edge remembers of services on one $name', ({ create }) => {
  let fresh: FreshDatabase;
  const masterKey = randomBytes(32);
  const secret = randomBytes(32);
  beforeAll(async () => {
    fresh = await create();
  });
  afterAll(() => fresh.drop());

  async function openReplica(address: string) {
    const auth = await openAuth({ databaseUrl: fresh.url, logger, secret });
    const router = await openRouter({
      databaseUrl: fresh.url,
      masterKey,
      upstreamNetworks: LOOPBACK_NETWORKS,
      logger,
    });
    const ledger = await openQuotaLedger({ databaseUrl: fresh.url, logger });
    const server: Server = await serve(
      [
        { definition: AuthDefinition, implementation: auth.auth },
        { definition: RouterDefinition, implementation: router.router },
        { definition: QuotaLedgerDefinition, implementation: ledger.ledger },
      ],
      { address },
    );
    return {
      auth,
      router: router.router,
      ledger: ledger.ledger,
      port: server.port,
      close: async () => {
        await server.close(0);
        await Promise.all([auth.close(), router.close(), ledger.close()]);
      },
    };
  }
  type Replica = Awaited<ReturnType<typeof openReplica>>;

  let one: Replica;
  let other: Replica;
  let edge: ReturnType<typeof openMemories>;
  let tenant: string;

  function openMemories(address: string) {
    const auth = connect(AuthDefinition, address);
    const router = connect(RouterDefinition, address);
    const ledger = connect(QuotaLedgerDefinition, address);
    let skippedMs = 0;
    let isCut = false;
    const watchOf = (what: string, ask: ConstructorParameters<typeof ChangeWatch>[0]['watch']) =>
      new ChangeWatch({
        what,
        watch: async (request) => {
          const answer = await ask(request);
          if (isCut) throw new Error('the watch is cut');
          return answer;
        },
        logger,
        steadyMs: () => performance.now() + skippedMs,
      }).start();
    const watches = [
      watchOf('callers', auth.watchCallers),
      watchOf('routes', router.watchRoutes),
      watchOf('rules', ledger.watchPolicies),
    ] as const;
    return {
      watches,
      auth: rememberedAuth(auth, watches[0]),
      routes: new RememberedRoutes({ router, watch: watches[1], clock: systemClock }),
      policies: new Policies(ledger, watches[2]),
      cut: () => {
        isCut = true;
      },
      /** As if so much time had gone by. */
      skip: (ms: number) => {
        skippedMs += ms;
      },
      close: () => {
        for (const watch of watches) watch.close();
        for (const port of [auth, router, ledger]) port.close();
      },
    };
  }

  beforeEach(async () => {
    one = await openReplica('127.0.0.1:0');
    other = await openReplica('127.0.0.1:0');
    ({ tenant } = one.auth.root);
    edge = openMemories(`127.0.0.1:${one.port},127.0.0.1:${other.port}`);
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    edge.close();
    await Promise.all([one.close(), other.close()]);
  });

  let made = 0;
  /** A key, an alias and a rule that are remembered for long, and what changes each. */
  async function remembered() {
    made += 1;
    const { root, organisation } = one.auth;
    const created = await organisation.createKey(
      CreateKeyRequest.create({ actor: root, userId: root.userId, label: `key ${made}` }),
    );
    const key = created.plaintext;
    const keyId = created.key?.keyId ?? '';
    await one.router.putProvider({
      provider: {
        tenant,
        name: 'provider',
        kind: 'custom',
        dialect: 'openai-chat',
        baseUrl: 'http://127.0.0.1:9',
        hasCredential: false,
        origin: 'admin',
        updatedAtMs: 0n,
        models: [],
        capabilities: undefined,
        modelCapabilities: {},
      },
      credential: undefined,
    });
    const name = `alias-${made}`;
    const putAlias = (replica: Replica, model: string) =>
      replica.router.putAlias({
        alias: {
          tenant,
          name,
          resources: [{ provider: 'provider', model, weight: 1, priority: 0 }],
          updatedAtMs: 0n,
        },
      });
    await putAlias(one, 'before');
    const putPolicy = async (replica: Replica, holdRule: HoldRule) => {
      const { policy } = await replica.ledger.getPolicy({ tenant });
      await replica.ledger.putPolicy({ tenant, policy: Policy.create({ ...policy, holdRule }) });
    };
    await putPolicy(one, HoldRule.WORST_CASE);

    const states = {
      key: async () => {
        try {
          await edge.auth.authenticate({ key });
          return 'before';
        } catch (error) {
          return asFault(error).code === 'unauthenticated' ? 'after' : 'before';
        }
      },
      route: async () => (await edge.routes.targetsFor(tenant, name, ''))[0]?.model,
      rule: async () =>
        (await edge.policies.of(tenant)).holdRule === HoldRule.STATISTICAL ? 'after' : 'before',
    };
    const isBelieved = async () => {
      for (const state of Object.values(states)) if ((await state()) !== 'before') return false;
      return edge.watches.every((watch) => watch.lifeMs(tenant, watch.nowMs()) === LONG_MS);
    };
    // What has just changed is believed briefly; then the watch has to say once more that it lives.
    await sleep(500);
    edge.skip(6_000);
    await vi.waitUntil(isBelieved, { timeout: 10_000, interval: 50 });
    for (const state of Object.values(states)) expect(await state()).toBe('before');

    const changeAt = async (replica: Replica) => {
      await replica.auth.organisation.revokeKey(RevokeKeyRequest.create({ actor: replica.auth.root, keyId }));
      await putAlias(replica, 'after');
      await putPolicy(replica, HoldRule.STATISTICAL);
    };
    return { states, changeAt };
  }

  /** How long each is still taken for what it was, by somebody who asks all the time. */
  async function staleMs(states: Readonly<Record<string, () => Promise<string | undefined>>>) {
    const sinceMs = performance.now();
    const ages = Object.entries(states).map(async ([name, state]) => {
      while ((await state().catch(() => 'before')) !== 'after') {
        if (performance.now() - sinceMs > 3 * BOUND_MS) break;
        await sleep(10);
      }
      return [name, Math.round(performance.now() - sinceMs)] as const;
    });
    return Object.fromEntries(await Promise.all(ages));
  }

  function expectBelow(ages: Readonly<Record<string, number>>, boundMs: number) {
    expect(
      Object.values(ages).every((age) => age < boundMs),
      JSON.stringify(ages),
    ).toBe(true);
  }

  test('changes within a moment, at whichever replica it is changed', async () => {
    for (const replica of [one, other]) {
      const { states, changeAt } = await remembered();
      await changeAt(replica);
      expectBelow(await staleMs(states), USUAL_MS);
    }
  });

  test('changes within five seconds where its watch is cut', async () => {
    const { states, changeAt } = await remembered();
    edge.cut();
    await changeAt(other);
    expectBelow(await staleMs(states), BOUND_MS);
  });

  test('changes within five seconds where a replica is restarted meanwhile', async () => {
    const { states, changeAt } = await remembered();
    await other.close();
    await changeAt(one);
    const reopening = openReplica(`127.0.0.1:${other.port}`).then((replica) => {
      other = replica;
    });
    expectBelow(await staleMs(states), BOUND_MS);
    await reopening;
  });

  test.each([
    ['back', -3_600_000],
    ['back a little', -10_000],
    ['on', 3_600_000],
  ])('changes within five seconds where the time of day is turned %s', async (_how, turnMs) => {
    const { states, changeAt } = await remembered();
    const now = Date.now.bind(Date);
    vi.spyOn(Date, 'now').mockImplementation(() => now() + turnMs);
    edge.cut();
    await changeAt(other);
    expectBelow(await staleMs(states), BOUND_MS);
  });
});
