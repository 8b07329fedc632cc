// Which addresses may be dialled. Unless an operator lists its network, an address has to be one of the public internet and
// the dial has to be https. What no provider has ever stood behind, above all the metadata services of clouds, is
// dialled only when that very address is listed: a wide network in the list never opens them by the way.

import { isIPv4 } from 'node:net';
import { AddressSet, normalAddress } from '@ai-switch/kernel';

/** What a dial is besides its address. */
export interface DialKind {
  readonly isSecure: boolean;
  readonly port: number;
}

export class DialAddresses {
  readonly #networks: AddressSet;
  /** The addresses that are listed one by one, in their normal form. */
  readonly #exact: ReadonlySet<string>;

  /** @throws RangeError naming the first text that is no network */
  constructor(networks: readonly string[]) {
    this.#networks = new AddressSet(networks);
    this.#exact = new Set(networks.flatMap(singleAddress));
  }

  /** True when nothing but the public internet may be dialled. */
  get isPublicOnly(): boolean {
    return this.#networks.isEmpty;
  }

  /** False for what is no address. */
  allows(address: string, { isSecure, port }: DialKind): boolean {
    const normal = normalAddress(address);
    if (normal === undefined || port === 0) return false;
    if (this.#exact.has(normal)) return true;
    if ([normal, ...addressesInside(normal)].some((each) => ONLY_EXACT.has(each))) return false;
    if (this.#networks.has(normal)) return true;
    return isSecure && isPublic(normal) && isPublicPort(port);
  }
}

/** `10.0.0.5`, `10.0.0.5/32` and `::1/128` are one address each. */
function singleAddress(network: string): readonly string[] {
  const [written = '', bits] = network.split('/');
  const normal = normalAddress(written);
  const isWhole = bits === undefined || bits === (written.includes(':') ? '128' : '32');
  return normal !== undefined && isWhole ? [normal] : [];
}

const ONLY_EXACT = new AddressSet([
  // "This host", broadcast and multicast.
  '0.0.0.0/8',
  '::/128',
  '224.0.0.0/4',
  '255.255.255.255/32',
  'ff00::/8',
  // Metadata and identity of AWS, Azure, Google, Oracle, OpenStack, DigitalOcean and others: link-local …
  '169.254.0.0/16',
  'fe80::/10',
  // … and elsewhere: AWS over IPv6, Google over IPv6, Alibaba, Oracle's first cloud, Azure's wire server.
  'fd00:ec2::/32',
  'fd20:ce::/32',
  '100.100.100.200/32',
  '192.0.0.192/32',
  '168.63.129.16/32',
]);

// https://www.iana.org/assignments/iana-ipv4-special-registry, as of November 2026.
const RESERVED_V4 = new AddressSet([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]);

// https://www.iana.org/assignments/iana-ipv6-special-registry: what is outside of the first is no unicast of the internet.
const GLOBAL_V6 = new AddressSet(['2000::/3']);
const RESERVED_V6 = new AddressSet(['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']);
/** Where a network without IPv4 reaches it: https://www.rfc-editor.org/rfc/rfc6052 */
const TRANSLATED_V6 = new AddressSet(['64:ff9b::/96']);

function isPublic(address: string): boolean {
  if (isIPv4(address)) return !RESERVED_V4.has(address);
  const isReachable = TRANSLATED_V6.has(address) || (GLOBAL_V6.has(address) && !RESERVED_V6.has(address));
  return isReachable && addressesInside(address).every((inner) => !RESERVED_V4.has(inner));
}

/** The IPv4 addresses that an IPv6 address carries to a translator or a tunnel. */
function addressesInside(address: string): readonly string[] {
  if (isIPv4(address) || address === '::1') return [];
  const groups = groupsOf(address);
  const at = (index: number, mask = 0): string => {
    const pair = [groups[index] ?? 0, groups[index + 1] ?? 0].map((group) => group ^ mask);
    return pair.flatMap((group) => [group >> 8, group & 255]).join('.');
  };
  const [first, second, , , fifth = 0, sixth] = groups;
  // 6to4 has it behind its prefix; Teredo has its server there, and its client, turned over, at the end.
  if (first === 0x2002) return [at(1)];
  if (first === 0x2001 && second === 0) return [at(2), at(6, 0xffff)];
  const isTranslated = first === 0x64 && second === 0xff9b;
  const isCompatible = groups.slice(0, 4).every((group) => group === 0) && (fifth === 0 || fifth === 0xffff);
  const isIsatap = sixth === 0x5efe && (fifth & 0xfdff) === 0;
  return isTranslated || isCompatible || isIsatap ? [at(6)] : [];
}

/** The eight groups of an IPv6 address in its normal form. */
function groupsOf(address: string): readonly number[] {
  const [head = '', tail] = address.split('::').map((half) => (half === '' ? [] : half.split(':')));
  const before = [...head];
  const after = tail ?? [];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16));
}

/** No service of the internet that speaks https stands on a port below 1,024 but this one, nor on one that browsers refuse. */
function isPublicPort(port: number): boolean {
  return port === 443 || (port >= 1_024 && !REFUSED_PORTS.has(port));
}

// https://fetch.spec.whatwg.org/#port-blocking, those from 1,024 up; and of the stores that take commands line by line.
const REFUSED_PORTS: ReadonlySet<number> = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679,
  6697, 10080, 11211,
]);
