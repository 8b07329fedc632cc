// Auth in another process, remembered for a moment: a request of a key in use waits for no call.
//
// What is remembered lives as long as the watch of changes says, and no longer than the key itself. Auth believes its own memory
// for two seconds (services/auth/src/key-cache.ts); together, what is revoked or changed is seen within five. When auth is down,
// keys used within the last moment go on and all others are refused as unavailable, which is never remembered.

import { hash } from 'node:crypto';
import type { Auth, AuthenticateRequest, AuthenticateResponse } from '@ai-switch/contracts';
import { type Clock, Fault, systemClock } from '@ai-switch/kernel';
import type { ChangeWatch } from './change-watch.ts';

const WRONG_MS = 1_000;
/** How long others join a call that is under way. */
const JOIN_MS = 2_500;
const GOOD_MAX = 50_000;
/** Apart from the good ones, so that guesses push no key in use out of memory. */
const WRONG_MAX = 10_000;

interface Remembered<Value> {
  readonly value: Value;
  readonly sinceMs: number;
}

/**
 * An Auth port that asks `auth` no more often than it must. Its answers are shared: nobody changes them.
 * @param clock the time of day, for keys that end at one
 */
export function rememberedAuth(auth: Auth, watch: ChangeWatch, clock: Clock = systemClock): Auth {
  const good = new Map<string, Remembered<AuthenticateResponse>>();
  const wrong = new Map<string, Remembered<Fault>>();
  const underWay = new Map<string, Remembered<Promise<AuthenticateResponse>>>();

  const isGood = (
    { value: { caller, untilMs }, sinceMs }: Remembered<AuthenticateResponse>,
    nowMs: number,
  ) => {
    if (nowMs - sinceMs >= watch.lifeMs(caller?.tenant ?? '', sinceMs)) return false;
    return untilMs === undefined || clock.nowMs() < Number(untilMs);
  };

  /** @param sinceMs from before the call: what auth says is no newer than that */
  const ask = async (
    name: string,
    sinceMs: number,
    request: AuthenticateRequest,
  ): Promise<AuthenticateResponse> => {
    try {
      const value = await auth.authenticate(request);
      remember(good, GOOD_MAX, name, { value, sinceMs });
      return value;
    } catch (error) {
      if (error instanceof Fault && error.code === 'unauthenticated') {
        remember(wrong, WRONG_MAX, name, { value: error, sinceMs });
      }
      throw error;
    } finally {
      if (underWay.get(name)?.sinceMs === sinceMs) underWay.delete(name);
    }
  };

  return {
    authenticateSession: (request) => auth.authenticateSession(request),
    getRules: (request) => auth.getRules(request),
    watchCallers: (request) => auth.watchCallers(request),
    authenticate: (request) => {
      const name = nameOf(request);
      const nowMs = watch.nowMs();
      const hit = good.get(name);
      if (hit !== undefined && isGood(hit, nowMs)) return Promise.resolve(hit.value);
      const miss = fresh(wrong.get(name), WRONG_MS, nowMs);
      if (miss !== undefined) return Promise.reject(miss);
      // Nobody joins a call that auth is slow to answer: what it says may be older than a revocation by then.
      const known = fresh(underWay.get(name), JOIN_MS, nowMs);
      if (known !== undefined) return known;
      const asked = ask(name, nowMs, request);
      underWay.set(name, { value: asked, sinceMs: nowMs });
      return asked;
    },
  };
}

/** The whole digest: no two requests share a name because their keys begin alike. No key has a line end in it. */
function nameOf({ key, projectId = '' }: AuthenticateRequest): string {
  return hash('sha256', `${key}\n${projectId}`, 'base64url');
}

function fresh<Value>(found: Remembered<Value> | undefined, maxMs: number, nowMs: number): Value | undefined {
  if (found === undefined) return undefined;
  return nowMs - found.sinceMs < maxMs ? found.value : undefined;
}

/** Puts the newest last; the oldest makes room. */
function remember<Value>(memory: Map<string, Value>, sizeMax: number, name: string, value: Value): void {
  memory.delete(name);
  memory.set(name, value);
  const [oldest] = memory;
  if (memory.size > sizeMax && oldest !== undefined) memory.delete(oldest[0]);
}
