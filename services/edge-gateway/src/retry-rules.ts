// When an attempt is made again. Pure, but for the budget's own count.

import type { Clock } from '@ai-switch/kernel';

/** Of client errors only these may pass by themselves. */
export function isPassingStatus(status: number): boolean {
  return status === 408 || status === 409 || status === 429 || status >= 500;
}

const TRIES_PER_DESTINATION = 2;
const TRIES_MAX = 4;
/** A provider that asks for a longer wait is left for the next one. */
const RETRY_AFTER_MS_MAX = 2_000;
const BACKOFF_MS = 50;
const BACKOFF_SPREAD_MS = 200;

/** Whom each attempt asks, in order: two tries each for whole replies; one fall-back for a stream. */
export function attemptOrder<Destination>(
  destinations: readonly Destination[],
  isStreaming: boolean,
): readonly Destination[] {
  const order: Destination[] = [];
  for (const destination of destinations) {
    if (isStreaming) order.push(destination);
    else for (let tries = 0; tries < TRIES_PER_DESTINATION; tries += 1) order.push(destination);
  }
  const [only] = order;
  if (isStreaming && order.length === 1 && only !== undefined) order.push(only);
  return order.slice(0, isStreaming ? 2 : TRIES_MAX);
}

/** True when waiting for this destination takes too long. */
export function isLongWait(retryAfterMs: number | undefined): boolean {
  return retryAfterMs !== undefined && retryAfterMs > RETRY_AFTER_MS_MAX;
}

/** @param random from 0 to below 1 */
export function backoffMs(retryAfterMs: number | undefined, random: number): number {
  return (retryAfterMs ?? BACKOFF_MS) + random * BACKOFF_SPREAD_MS;
}

/** Retries are a fifth of the requests and ten a second, so that a provider in trouble is not hit harder. */
export class RetryBudget {
  readonly #clock: Clock;
  /** In thousandths of a retry. */
  #saved = SAVED_MAX;
  #countedAtMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#countedAtMs = clock.nowMs();
  }

  countRequest(): void {
    this.#save(PER_REQUEST);
  }

  /** True when one retry may be made. */
  take(): boolean {
    const nowMs = this.#clock.nowMs();
    this.#save(Math.max(0, nowMs - this.#countedAtMs) * PER_MILLISECOND);
    this.#countedAtMs = nowMs;
    if (this.#saved < RETRY) return false;
    this.#saved -= RETRY;
    return true;
  }

  #save(thousandths: number): void {
    this.#saved = Math.min(SAVED_MAX, this.#saved + thousandths);
  }
}

const RETRY = 1_000;
const PER_REQUEST = RETRY / 5;
const PER_MILLISECOND = 10;
const SAVED_MAX = 100 * RETRY;
