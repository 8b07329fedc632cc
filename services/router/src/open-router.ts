import type { Router } from '@ai-switch/contracts';
import { openDatabase } from '@ai-switch/db';
import { type LogSink, type Outbox, openOutbox } from '@ai-switch/event-log';
import { type Clock, systemClock } from '@ai-switch/kernel';
import type { Random } from '@ai-switch/routing';
import { createLogger, type Logger } from '@ai-switch/telemetry';
import { DialGuard } from '@ai-switch/upstream';
import { MasterKeys } from './master-keys.ts';
import { RouterService } from './router.ts';
import { migrations, type RouterSchema } from './schema.ts';

export interface RouterOptions {
  readonly databaseUrl: string;
  /** 32 bytes, as `openMasterKey` reads them. */
  readonly masterKey: Buffer;
  /** Master keys that seal nothing new: earlier ones, and those that other replicas seal with already. */
  readonly otherMasterKeys?: readonly Buffer[];
  /** Makes a further master key and keeps it; absent where the keys are files that the operator gives. */
  readonly makeMasterKey?: (() => Promise<Buffer>) | undefined;
  /** Where providers may stand besides https on the public internet; nowhere unless told otherwise. */
  readonly upstreamNetworks?: readonly string[];
  readonly clock?: Clock;
  /** Draws among resources; a seeded one replays. */
  readonly random?: Random;
  readonly logger?: Logger;
}

export interface OpenRouter {
  readonly router: Router;
  /** Sends the events of changes from now on; whoever asks closes it before the router. */
  sendEvents(sink: LogSink): Outbox;
  close(): Promise<void>;
}

/** @throws ConfigError for a wrong master key, DatabaseError for a database that cannot be used */
export async function openRouter(options: RouterOptions): Promise<OpenRouter> {
  const masterKeys = new MasterKeys(options.masterKey, options.otherMasterKeys);
  const database = await openDatabase<RouterSchema>({
    url: options.databaseUrl,
    schema: 'router',
    migrations,
  });
  const logger = options.logger ?? createLogger({ service: 'router', level: 'info' });
  let outbox: Outbox | undefined;
  const router = new RouterService({
    database,
    onChange: () => outbox?.poke(),
    masterKeys,
    makeMasterKey: options.makeMasterKey,
    guard: new DialGuard(options.upstreamNetworks),
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    logger,
  });
  return {
    router,
    sendEvents: (sink) => {
      outbox = openOutbox({ service: 'router', database, sink, logger });
      return outbox;
    },
    close: async () => {
      await router.close();
      await database.close();
    },
  };
}
