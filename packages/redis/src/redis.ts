// One connection to Redis for what processes count together. Nothing waits for it: a command that is not answered within tens of
// milliseconds fails, and after a few of those all fail at once for a moment. Nothing queues while it is away, and nothing is sent
// twice. Whoever counts over it has to have an answer of his own for then.

import { createHash } from 'node:crypto';
import { ConfigError } from '@ai-switch/kernel';
import { counter, gauge, type Logger } from '@ai-switch/telemetry';
import { Redis as Client } from 'ioredis';

const COMMAND_TIMEOUT_MS = 80;
const CONNECT_TIMEOUT_MS = 2_000;
const RECONNECT_MS_MAX = 2_000;
/** A connection that owes an answer for so long is given up: whoever vanished without a word sends no end either. */
const SILENCE_MS_MAX = 3_000;
/** So many failures one after another, and nobody asks for a while. */
const FAILURES_MAX = 3;
const PAUSE_MS = 1_000;
/** Of commands under way; more are refused at once. */
const UNDER_WAY_MAX = 10_000;

const commands = counter(
  'aiswitch_redis_commands_total',
  'Commands to Redis: ok, failed or late, and those that were not sent because it was known to be away.',
  ['outcome'],
);
const away = gauge(
  'aiswitch_redis_away',
  '1 while Redis does not answer and this process counts for itself.',
);

/** A Lua script, which Redis runs as one step. */
export interface Script {
  readonly text: string;
  readonly sha1: string;
}

export function script(text: string): Script {
  return { text, sha1: createHash('sha1').update(text).digest('hex') };
}

/** Redis does not answer, or not in time. */
export class RedisAway extends Error {
  override readonly name = 'RedisAway';
}

export interface Redis {
  /** Whether it was there when it was last asked. */
  readonly isUp: boolean;
  /**
   * Runs a script in one round trip.
   * @throws RedisAway, at once while it is known to be; whether the script ran is not known then
   */
  run(script: Script, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown>;
  /** @throws RedisAway */
  get(key: string): Promise<Buffer | undefined>;
  /** @throws RedisAway */
  set(key: string, value: Buffer, ttlMs: number): Promise<void>;
  /** @throws RedisAway */
  delete(keys: readonly string[]): Promise<void>;
  close(): void;
}

export interface RedisOptions {
  /** `redis://` or `rediss://`, with user, password and database. */
  readonly url: string;
  readonly logger: Logger;
}

/** Connects in the background: what is asked before it is there fails with `RedisAway`. */
export function openRedis({ url, logger }: RedisOptions): Redis {
  if (!/^rediss?:\/\/./.test(url))
    throw new ConfigError('the address of Redis must start with redis:// or rediss://');
  return new Connection(url, logger);
}

class Connection implements Redis {
  readonly #client: Client;
  readonly #logger: Logger;
  #failures = 0;
  #pausedUntilMs = 0;
  #underWay = 0;
  #isTold = false;
  /** Scripts that this connection has sent whole. */
  readonly #sent = new Set<string>();
  readonly #letGo = away.watch(() => (this.isUp ? 0 : 1));

  constructor(url: string, logger: Logger) {
    this.#logger = logger;
    this.#client = new Client(url, {
      commandTimeout: COMMAND_TIMEOUT_MS,
      connectTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SILENCE_MS_MAX,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      enableAutoPipelining: true,
      maxRetriesPerRequest: 0,
      retryStrategy: (times) => Math.min(50 * 2 ** times, RECONNECT_MS_MAX),
    });
    // Each command tells its own failure; without a listener the client prints this one.
    this.#client.on('error', (error: Error) => this.#tell(error));
    this.#client.on('ready', () => {
      this.#failures = 0;
      this.#pausedUntilMs = 0;
      this.#sent.clear();
      this.#tellBack();
    });
  }

  get isUp(): boolean {
    return this.#client.status === 'ready' && performance.now() >= this.#pausedUntilMs;
  }

  run(
    { text, sha1 }: Script,
    keys: readonly string[],
    values: readonly (string | number)[],
  ): Promise<unknown> {
    return this.#ask(async (client) => {
      // The first time as text and at once, so that commands run in the order in which they were given.
      if (!this.#sent.has(sha1)) {
        this.#sent.add(sha1);
        return await client.eval(text, keys.length, ...keys, ...values);
      }
      try {
        return await client.evalsha(sha1, keys.length, ...keys, ...values);
      } catch (error) {
        if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
        return await client.eval(text, keys.length, ...keys, ...values);
      }
    });
  }

  get(key: string): Promise<Buffer | undefined> {
    return this.#ask(async (client) => (await client.getBuffer(key)) ?? undefined);
  }

  set(key: string, value: Buffer, ttlMs: number): Promise<void> {
    return this.#ask(async (client) => {
      await client.set(key, value, 'PX', Math.max(1, Math.ceil(ttlMs)));
    });
  }

  delete(keys: readonly string[]): Promise<void> {
    return this.#ask(async (client) => {
      if (keys.length > 0) await client.del(...keys);
    });
  }

  close(): void {
    this.#letGo();
    this.#client.disconnect();
  }

  async #ask<Answer>(work: (client: Client) => Promise<Answer>): Promise<Answer> {
    if (!this.isUp) {
      commands.inc({ outcome: 'notAsked' });
      throw new RedisAway('Redis does not answer');
    }
    if (this.#underWay >= UNDER_WAY_MAX) throw new RedisAway('too many commands wait for Redis');
    this.#underWay += 1;
    try {
      const answer = await work(this.#client);
      commands.inc({ outcome: 'ok' });
      this.#failures = 0;
      this.#tellBack();
      return answer;
    } catch (cause) {
      commands.inc({ outcome: 'failed' });
      this.#fail(cause);
      throw new RedisAway('Redis does not answer', { cause });
    } finally {
      this.#underWay -= 1;
    }
  }

  #fail(cause: unknown): void {
    this.#failures += 1;
    this.#tell(cause);
    if (this.#failures < FAILURES_MAX) return;
    this.#pausedUntilMs = performance.now() + PAUSE_MS;
  }

  #tellBack(): void {
    if (this.#isTold) this.#logger.info('Redis answers again');
    this.#isTold = false;
  }

  /** Once until it is back: an address with a password in it stands in no error of the client. */
  #tell(error: unknown): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#logger.warn({ err: error }, 'Redis does not answer: each process counts for itself');
  }
}
