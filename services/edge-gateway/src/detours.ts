// Where a conversation went on when its own place failed. Its next requests go there first, because the beginning of the
// conversation is in that place's prompt cache now. Bounded and forgotten after a while: a place that is well again gets
// its conversations back. Each edge remembers for itself.

import type { Clock } from '@ai-switch/kernel';
import type { Destination } from './route.ts';

const KEYS_MAX = 10_000;
/** As long as Anthropic keeps a prompt in its cache; others keep it about as long. */
const REMEMBERED_MS = 300_000;

interface Detour {
  readonly origin: string;
  readonly untilMs: number;
}

export class Detours {
  readonly #clock: Clock;
  readonly #byKey = new Map<string, Detour>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The destination that answered last in place of another comes first. */
  order(affinityKey: string, destinations: readonly Destination[]): readonly Destination[] {
    if (this.#byKey.size === 0) return destinations;
    const detour = this.#byKey.get(affinityKey);
    if (detour === undefined) return destinations;
    if (detour.untilMs < this.#clock.nowMs()) {
      this.#byKey.delete(affinityKey);
      return destinations;
    }
    const known = destinations.find(({ origin }) => origin === detour.origin);
    if (known === undefined) return destinations;
    return [known, ...destinations.filter((destination) => destination !== known)];
  }

  remember(affinityKey: string, { origin }: Destination): void {
    this.#byKey.delete(affinityKey);
    this.#byKey.set(affinityKey, { origin, untilMs: this.#clock.nowMs() + REMEMBERED_MS });
    const [oldest] = this.#byKey.keys();
    if (this.#byKey.size > KEYS_MAX && oldest !== undefined) this.#byKey.delete(oldest);
  }
}
