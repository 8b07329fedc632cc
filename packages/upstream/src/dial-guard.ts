// The only way to a connection: every dial that an admin's word can cause is made by a pool from here. The address of a
// host is checked as it is dialled, all answers of the resolver together, and what was checked is what is connected to; so
// a name that leads somewhere else a moment later gains nothing. A connection that stands was checked: a request on it
// costs nothing.
//
// When the resolver is down: no dial succeeds, and a base URL is accepted as far as it can be judged by itself.

import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Pool } from 'undici';
import { literalAddress, parseBaseUrl } from './base-url.ts';
import { DialAddresses, type DialKind } from './dial-addresses.ts';

/** A dial that was not made. Its message is for logs: it names the host and where that led. */
export class DialRefusal extends Error {
  override readonly name = 'DialRefusal';
}

/** Gives all addresses of a name. */
export type Resolve = (
  host: string,
  options: LookupOptions,
  done: (error: Error | null, found: readonly LookupAddress[]) => void,
) => void;

const resolveBySystem: Resolve = (host, options, done) => {
  systemLookup(host, { ...options, all: true }, done);
};

/** How long somebody who saves an address waits for the resolver. */
const RESOLVE_MS_MAX = 2_000;

export type GuardedPoolOptions = Pick<
  Pool.Options,
  | 'connections'
  | 'connectTimeout'
  | 'headersTimeout'
  | 'bodyTimeout'
  | 'keepAliveTimeout'
  | 'pipelining'
  | 'maxResponseSize'
>;

export interface GuardedPool {
  readonly pool: Pool;
  readonly origin: string;
  /** The path of the address, without a slash at its end. */
  readonly pathPrefix: string;
}

export class DialGuard {
  readonly #addresses: DialAddresses;
  readonly #resolve: Resolve;

  /**
   * @param networks what may be dialled besides https on the public internet, like `10.0.0.0/8`
   * @throws RangeError naming the first text that is no network
   */
  constructor(networks: readonly string[] = [], resolve: Resolve = resolveBySystem) {
    this.#addresses = new DialAddresses(networks);
    this.#resolve = resolve;
  }

  /**
   * A pool of connections to the origin of this address. A name is resolved and checked at each dial.
   * @throws DialRefusal when the text of the address is enough to tell
   */
  openPool(baseUrl: string, options: GuardedPoolOptions): GuardedPool {
    const refusal = this.refusalOf(baseUrl);
    if (refusal !== undefined) throw refusal;
    const url = new URL(baseUrl);
    const connect = { lookup: this.#lookupFor(kindOf(url)) };
    const pool = new Pool(url.origin, { ...options, allowH2: false, connect });
    return { pool, origin: url.origin, pathPrefix: url.pathname.replace(/\/+$/, '') };
  }

  /** Why this address is never dialled, as far as its text tells. */
  refusalOf(baseUrl: string): DialRefusal | undefined {
    const parsed = parseBaseUrl(baseUrl);
    if ('problem' in parsed) return new DialRefusal(parsed.problem);
    const { url } = parsed;
    const kind = kindOf(url);
    const literal = literalAddress(url);
    const isAllowed = (address: string) => this.#addresses.allows(address, kind);
    if (literal !== undefined) return isAllowed(literal) ? undefined : refusedAddress(literal, literal);
    if (!kind.isSecure && this.#addresses.isPublicOnly) return new DialRefusal(`${url.origin} is not https`);
    const isOfThisMachine = /(?:^|\.)localhost$/.test(url.hostname);
    if (!isOfThisMachine || LOOPBACK.some(isAllowed)) return undefined;
    return refusedAddress(url.hostname, 'this machine');
  }

  /**
   * Whether this address would be dialled now. True when the resolver does not know the name or does not answer: the dial
   * will tell.
   */
  async mayDial(baseUrl: string): Promise<boolean> {
    if (this.refusalOf(baseUrl) !== undefined) return false;
    const url = new URL(baseUrl);
    if (literalAddress(url) !== undefined) return true;
    const kind = kindOf(url);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(true), RESOLVE_MS_MAX);
      this.#resolve(url.hostname, {}, (error, found) => {
        clearTimeout(timer);
        const isAllowed = ({ address }: LookupAddress) => this.#addresses.allows(address, kind);
        resolve(error !== null || (found.length > 0 && found.every(isAllowed)));
      });
    });
  }

  /** What a socket asks for the addresses of its host. */
  #lookupFor(kind: DialKind): LookupFunction {
    return (host, options, done) => {
      this.#resolve(host, options, (error, found) => {
        const [first] = found ?? [];
        if (error !== null || first === undefined) {
          done(error ?? new DialRefusal(`${host} has no address`), []);
          return;
        }
        const forbidden = found.find(({ address }) => !this.#addresses.allows(address, kind));
        if (forbidden !== undefined) done(refusedAddress(host, forbidden.address), []);
        else if (options.all) done(null, [...found]);
        else done(null, first.address, first.family);
      });
    };
  }
}

const LOOPBACK = ['127.0.0.1', '::1'];

function kindOf({ protocol, port }: URL): DialKind {
  const isSecure = protocol === 'https:';
  return { isSecure, port: port === '' ? (isSecure ? 443 : 80) : Number(port) };
}

function refusedAddress(host: string, where: string): DialRefusal {
  const leads = host === where ? '' : ` leads to ${where}, which`;
  return new DialRefusal(
    `${host}${leads} is neither https on the public internet nor in a network of AISWITCH_UPSTREAM_NETWORKS`,
  );
}
