// All calls from this process to one service: a link to every place where it listens, used in turn.
//
// A place that is gone is tried again with growing pauses, and its calls go to the others. When no place answers a call waits for
// UNREACHABLE_MS and fails as `unavailable`. A call whose link broke is sent again when nobody can have begun it, or when doing it twice
// does what doing it once does, as long as the retry budget and its deadline allow.

import type { Answer } from '@ai-switch/contracts';
import { Fault } from '@ai-switch/kernel';
import type * as grpc from '@grpc/grpc-js';
import { type Endpoint, endpointsOf } from './addresses.ts';
import { CALLS_IN_FLIGHT_MAX } from './channel.ts';
import { Link } from './link.ts';
import { RetryBudget } from './retry-budget.ts';

/** How long a call waits where no place answers. */
const UNREACHABLE_MS = 600;
const ATTEMPTS_MAX = 4;
/** New places are looked for so often, and after each link that breaks. */
const RESOLVE_MS = 10_000;
const RECONNECT_MS_MIN = 100;
const RECONNECT_MS_MAX = 2_000;
/** A link is replaced after this long, give or take a fifth, so that what balances connections can move it. */
const LINK_AGE_MS = 300_000;

export interface CarryOptions {
  readonly path: string;
  readonly isRepeatable: boolean;
  readonly timeoutMs: number;
  readonly traceparent: string;
}

interface Place {
  endpoint: Endpoint;
  link: Link | undefined;
  failures: number;
  timer: NodeJS.Timeout | undefined;
}

interface Waiting {
  readonly start: () => void;
  readonly fail: () => void;
}

export class Carrier {
  readonly #address: string;
  readonly #credentials: grpc.ChannelCredentials;
  readonly #budget = new RetryBudget();
  readonly #places = new Map<string, Place>();
  /** Links that take calls, in turn. */
  #open: Link[] = [];
  #next = 0;
  #callsInFlight = 0;
  readonly #waiting = new Set<Waiting>();
  #resolveTimer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #isResolving = false;

  constructor(address: string, credentials: grpc.ChannelCredentials) {
    this.#address = address;
    this.#credentials = credentials;
  }

  /** @throws Fault: the callee's own, `unavailable`, `deadline`, `overloaded` */
  carry(request: Uint8Array, options: CarryOptions, serviceName: string): Promise<Answer> {
    if (this.#isClosed) return Promise.reject(unavailable(serviceName));
    if (this.#callsInFlight >= CALLS_IN_FLIGHT_MAX) return Promise.reject(overloaded(serviceName));
    if (this.#resolveTimer === undefined && !this.#isResolving) void this.#resolve();
    this.#callsInFlight += 1;
    return new Promise((resolve, reject) => {
      const deadlineMs = performance.now() + options.timeoutMs;
      let isOver = false;
      let attempts = 0;
      let forget = () => {};
      const end = (act: () => void) => {
        if (isOver) return;
        isOver = true;
        clearTimeout(timer);
        this.#callsInFlight -= 1;
        act();
      };
      const timer = setTimeout(() => {
        end(() => reject(late(serviceName)));
        forget();
      }, options.timeoutMs);
      const fail = () => end(() => reject(unavailable(serviceName)));
      const start = () => {
        const link = this.#pick();
        if (link === undefined) {
          forget = this.#wait(start, fail);
          return;
        }
        attempts += 1;
        forget = link.send({
          ...{ path: options.path, request, traceparent: options.traceparent, deadlineMs },
          answer: (answer) => {
            this.#budget.succeed();
            end(() => resolve(answer));
          },
          giveBack: (mayHaveBegun) => {
            const mayRetry = (!mayHaveBegun || options.isRepeatable) && attempts < ATTEMPTS_MAX;
            if (!isOver && mayRetry && !this.#isClosed && this.#budget.take()) start();
            else fail();
          },
        });
      };
      start();
    });
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#resolveTimer);
    for (const place of this.#places.values()) this.#drop(place);
    this.#places.clear();
    for (const { fail } of [...this.#waiting]) fail();
    this.#waiting.clear();
  }

  #pick(): Link | undefined {
    this.#next = (this.#next + 1) % Math.max(1, this.#open.length);
    return this.#open[this.#next];
  }

  #wait(start: () => void, fail: () => void): () => void {
    const waiting: Waiting = {
      start: () => {
        forget();
        start();
      },
      fail: () => {
        forget();
        fail();
      },
    };
    const timer = setTimeout(waiting.fail, UNREACHABLE_MS);
    const forget = () => {
      clearTimeout(timer);
      this.#waiting.delete(waiting);
    };
    this.#waiting.add(waiting);
    return forget;
  }

  async #resolve(): Promise<void> {
    clearTimeout(this.#resolveTimer);
    this.#isResolving = true;
    const endpoints = await endpointsOf(this.#address).catch(() => undefined);
    this.#isResolving = false;
    if (this.#isClosed) return;
    // A name that nobody knows at the moment leaves what is known.
    if (endpoints !== undefined) this.#placeAt(endpoints);
    this.#resolveTimer = setTimeout(
      () => void this.#resolve(),
      endpoints === undefined ? RECONNECT_MS_MAX : RESOLVE_MS,
    );
    this.#resolveTimer.unref();
  }

  #placeAt(endpoints: readonly Endpoint[]): void {
    const targets = new Set(endpoints.map(({ target }) => target));
    for (const [target, place] of this.#places) {
      if (targets.has(target)) continue;
      this.#places.delete(target);
      clearTimeout(place.timer);
      place.link?.leave();
    }
    for (const endpoint of endpoints) {
      if (this.#places.has(endpoint.target)) continue;
      const place: Place = { endpoint, link: undefined, failures: 0, timer: undefined };
      this.#places.set(endpoint.target, place);
      this.#connect(place);
    }
  }

  #connect(place: Place): void {
    if (this.#isClosed || this.#places.get(place.endpoint.target) !== place) return;
    const older = place.link;
    place.link = new Link({
      endpoint: place.endpoint,
      credentials: this.#credentials,
      onState: (link) => this.#onState(place, link, older),
    });
  }

  #onState(place: Place, link: Link, older: Link | undefined): void {
    this.#open = this.#open.filter((each) => each !== link);
    if (link.state === 'open') {
      this.#open.push(link);
      older?.leave();
      place.failures = 0;
      clearTimeout(place.timer);
      place.timer = setTimeout(() => this.#connect(place), LINK_AGE_MS * (0.8 + 0.4 * Math.random()));
      place.timer.unref();
      for (const { start } of [...this.#waiting]) start();
      return;
    }
    if (place.link !== link || this.#isClosed) return;
    place.link = older?.state === 'open' ? older : undefined;
    clearTimeout(place.timer);
    place.timer = setTimeout(() => this.#connect(place), reconnectMs(place.failures));
    place.timer.unref();
    place.failures += 1;
  }

  #drop(place: Place): void {
    clearTimeout(place.timer);
    place.link?.leave();
  }
}

function reconnectMs(failures: number): number {
  if (failures === 0) return 0;
  return Math.min(RECONNECT_MS_MAX, RECONNECT_MS_MIN * 2 ** (failures - 1)) * (0.8 + 0.4 * Math.random());
}

function unavailable(serviceName: string): Fault {
  return new Fault(
    'unavailable',
    `The ${serviceName} service does not answer. Please try again in a moment.`,
  );
}

function late(serviceName: string): Fault {
  return new Fault(
    'deadline',
    `The ${serviceName} service did not answer in time. Please try again in a moment.`,
  );
}

function overloaded(serviceName: string): Fault {
  return new Fault(
    'overloaded',
    `Too many calls to the ${serviceName} service are under way. Please try again in a moment.`,
  );
}
