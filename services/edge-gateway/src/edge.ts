// The edge: what clients talk to. It owns nothing but what is under way; everything else it asks of the ports.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EdgePorts } from '@ai-switch/contracts';
import type { EventLog } from '@ai-switch/event-log';
import {
  type ClientAddressOf,
  clientAddressReader,
  NO_PROXIES,
  type TrustedProxies,
  WrongKeys,
} from '@ai-switch/guard';
import { type Clock, Fault, newId, systemClock } from '@ai-switch/kernel';
import type { Redis } from '@ai-switch/redis';
import type { Logger } from '@ai-switch/telemetry';
import { DialGuard, Upstream, upstreamDefaults } from '@ai-switch/upstream';
import type { Hono } from 'hono';
import { BoundedMemory } from './bounded-memory.ts';
import { type EdgeSettings, edgeDefaults } from './config.ts';
import { Detours } from './detours.ts';
import { watchEdge } from './edge-metrics.ts';
import type { EdgeParts } from './edge-parts.ts';
import { Holds } from './holds/holds.ts';
import { recordLeft } from './holds/left-record.ts';
import { Spool } from './holds/spool.ts';
import { memorySpoolFile, type SpoolFile } from './holds/spool-file.ts';
import { KeptAnswers } from './idempotency.ts';
import { CleanTexts } from './intercept/clean-texts.ts';
import { InterceptionLog } from './intercept/interception-log.ts';
import { RuleCache } from './intercept/rule-cache.ts';
import { MemoryRateLimiter } from './limit/memory-rate-limiter.ts';
import type { RateLimiter } from './limit/rate-limiter.ts';
import { RedisRateLimiter } from './limit/redis-rate-limiter.ts';
import { OutputStatistics } from './output-statistics.ts';
import { OutputTallies } from './output-tally.ts';
import { ReasoningStore } from './reasoning-store.ts';
import { ChangeWatch } from './remembered/change-watch.ts';
import { Policies } from './remembered/policies.ts';
import { RememberedRoutes } from './remembered/routes.ts';
import { RetryBudget } from './retry-rules.ts';
import { Roster } from './roster.ts';
import { type EdgeBindings, routes, walk } from './routes.ts';
import { Ticker } from './ticker.ts';
import { TokenCounter } from './token-counter.ts';

export interface EdgeOptions {
  readonly ports: EdgePorts;
  /** Where it writes what happened; closed after the edge by whoever opened it. */
  readonly eventLog: EventLog;
  readonly logger: Logger;
  /** What differs from `edgeDefaults`. */
  readonly settings?: Partial<EdgeSettings>;
  readonly clock?: Clock;
  /** Where it writes what it is about to do with its holds; in memory unless told otherwise. */
  readonly spoolFile?: SpoolFile;
  /** Where providers may stand besides https on the public internet; nowhere unless told otherwise. */
  readonly upstreamNetworks?: readonly string[];
  /** Whose word on the client's address is believed; nobody's unless told otherwise. */
  readonly trustedProxies?: TrustedProxies;
  /** Where it counts rates and wrong keys together with other edges; alone unless told otherwise. */
  readonly redis?: Redis;
}

export interface Edge {
  /** Every route of the edge, for a server of `@hono/node-server`. */
  readonly app: Hono<EdgeBindings>;
  /**
   * Answers a request for one of the busy routes without Hono in between, which saves a tenth of a request's
   * processor time. False when the request is for another route: nothing was done.
   */
  answer(incoming: IncomingMessage, outgoing: ServerResponse): boolean;
  /** Where a request comes from, for whoever else answers on this server. */
  readonly clientAddressOf: ClientAddressOf;
  /** Stands before a look at an API key there: guesses at either door are counted together. */
  readonly judgeKey: <Answer>(address: string, key: string, ask: () => Promise<Answer>) => Promise<Answer>;
  /**
   * Refuses new requests, lets those under way end within `drainMs`, and ends the rest with an error of their dialect.
   * Every reservation is settled or voided when it resolves.
   */
  close(): Promise<void>;
}

export function createEdge(options: EdgeOptions): Edge {
  const edge = assemble(options);
  edge.holds.start();
  edge.ticker.add(edge.interceptionLog);
  const letGo = watchEdge(edge);
  let closing: Promise<void> | undefined;
  return {
    app: routes(edge),
    answer: (incoming, outgoing) => walk(edge, incoming, outgoing),
    clientAddressOf: edge.clientAddressOf,
    judgeKey: (address, key, ask) => edge.wrongKeys.judge(address, key, ask),
    close: () => {
      closing ??= close(edge).finally(letGo);
      return closing;
    },
  };
}

function assemble({
  ports,
  eventLog,
  logger,
  settings: differing,
  clock = systemClock,
  spoolFile = memorySpoolFile(),
  upstreamNetworks,
  trustedProxies = NO_PROXIES,
  redis,
}: EdgeOptions): EdgeParts {
  const settings = { ...edgeDefaults, ...differing };
  const tokenCounter = new TokenCounter();
  const policyWatch = new ChangeWatch({
    what: 'rules for quota',
    watch: (request) => ports.quotaLedger.watchPolicies(request),
    logger,
  }).start();
  const routeWatch = new ChangeWatch({
    what: 'routes',
    watch: (request) => ports.router.watchRoutes(request),
    logger,
  }).start();
  return {
    ports,
    eventLog,
    logger,
    settings,
    clock,
    clientAddressOf: clientAddressReader(trustedProxies),
    wrongKeys: new WrongKeys(clock, redis),
    rateLimiter: rateLimiterOf(clock, redis),
    upstream: new Upstream(
      {
        ...upstreamDefaults,
        connectionsMax: settings.upstreamConnectionsMax,
        headersTimeoutMs: settings.upstreamHeadersTimeoutMs,
        bodyIdleTimeoutMs: settings.upstreamIdleTimeoutMs,
      },
      new DialGuard(upstreamNetworks),
    ),
    ticker: new Ticker(settings.tickMs),
    holds: new Holds({
      ledger: ports.quotaLedger,
      spool: new Spool({ file: spoolFile, logger }),
      logger,
      settings,
      sleep: async (ms, signal) => {
        await sleep(ms, undefined, { signal, ref: false }).catch(() => {});
      },
      random: Math.random,
      newOwnerToken: () => newId('own'),
      recordLeft: (left) => recordLeft(eventLog, logger, left),
    }),
    policies: new Policies(ports.quotaLedger, policyWatch),
    routes: new RememberedRoutes({ router: ports.router, watch: routeWatch, clock }),
    watches: [policyWatch, routeWatch],
    answers: new KeptAnswers(),
    retryBudget: new RetryBudget(clock),
    rules: new RuleCache(ports.auth, logger),
    cleanTexts: new CleanTexts(settings.interceptCleanTextsMax),
    interceptionLog: new InterceptionLog(eventLog, clock),
    reasoning: new ReasoningStore(settings),
    items: new BoundedMemory(settings.itemsMax, settings.itemCharactersMax),
    detours: new Detours(clock),
    tokenCounter,
    tallies: new OutputTallies(tokenCounter),
    outputStatistics: new OutputStatistics(),
    exchanges: new Roster(),
    isClosing: false,
    admit() {
      if (this.isClosing) {
        throw new Fault('unavailable', 'The gateway is restarting. Please try again.', {
          retryAfterMs: 1_000,
        });
      }
      if (!eventLog.isAccepting) {
        throw new Fault(
          'unavailable',
          'The gateway cannot record requests at the moment. Please try again later.',
          {
            retryAfterMs: 5_000,
          },
        );
      }
    },
  };
}

function rateLimiterOf(clock: Clock, redis: Redis | undefined): RateLimiter {
  const own = new MemoryRateLimiter(clock);
  return redis === undefined ? own : new RedisRateLimiter({ redis, fallback: own });
}

const POLL_MS = 10;

async function close(edge: EdgeParts): Promise<void> {
  edge.isClosing = true;
  await emptied(edge, edge.settings.drainMs);
  for (const exchange of edge.exchanges.all()) exchange.interrupt('shutdown');
  await emptied(edge, edge.settings.settleMs);
  if (edge.exchanges.size > 0) {
    edge.logger.error({ requests: edge.exchanges.size }, 'requests are still under way at the end');
  }
  edge.ticker.close();
  for (const watch of edge.watches) watch.close();
  await edge.upstream.close();
  edge.rateLimiter.close();
  edge.tallies.close();
  await edge.tokenCounter.close();
  await edge.holds.close(edge.settings.settleMs);
  await edge.interceptionLog.drain();
}

/** Resolves once nothing is under way, or after `boundMs`. */
async function emptied(edge: EdgeParts, boundMs: number): Promise<void> {
  const until = performance.now() + boundMs;
  while (edge.exchanges.size > 0 && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
