// Network addresses as text: what a socket, a header or a setting says. IPv4 inside IPv6 (`::ffff:10.0.0.1`) is IPv4, so that
// one address has one form however it came.

import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

/** The one form of an address, without a zone; undefined for what is none. */
export function normalAddress(text: string): string | undefined {
  const plain = text.includes('%') ? text.slice(0, text.indexOf('%')) : text;
  if (isIPv4(plain)) return plain;
  if (!isIPv6(plain)) return undefined;
  // The parser of URLs writes the shortest form, and the last four bytes of a mapped address as two groups.
  const shortest = new URL(`http://[${plain}]/`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(shortest) ?? [];
  if (high === undefined || low === undefined) return shortest;
  const bytes = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return bytes.flatMap((pair) => [pair >> 8, pair & 255]).join('.');
}

/** True for an address, or a network like `10.0.0.0/8` or `2001:db8::/32`. */
export function isNetwork(text: string): boolean {
  return parseNetwork(text) !== undefined;
}

/** Addresses and networks, asked whether an address is among them. */
export class AddressSet {
  readonly #networks = new BlockList();
  readonly isEmpty: boolean;

  /** @throws RangeError naming the first text that is no network */
  constructor(networks: readonly string[]) {
    for (const text of networks) {
      const network = parseNetwork(text);
      if (network === undefined)
        throw new RangeError(`"${text}" is no network like 10.0.0.0/8 or 2001:db8::/32`);
      const { address, bits } = network;
      this.#networks.addSubnet(address, bits, isIPv4(address) ? 'ipv4' : 'ipv6');
    }
    this.isEmpty = networks.length === 0;
  }

  /** False for what is no address. */
  has(address: string): boolean {
    const normal = normalAddress(address);
    return normal !== undefined && this.#networks.check(normal, isIPv4(normal) ? 'ipv4' : 'ipv6');
  }
}

function parseNetwork(text: string): { readonly address: string; readonly bits: number } | undefined {
  const [, written = '', size] = /^([0-9a-fA-F:.]{2,45})(?:\/([0-9]{1,3}))?$/.exec(text) ?? [];
  const address = normalAddress(written);
  if (address === undefined) return undefined;
  // A network that is written as a mapped one counts its bits from the beginning of the IPv6 address.
  const mappedBits = isIP(written) === 6 && isIPv4(address) ? 96 : 0;
  const addressBits = isIPv4(address) ? 32 : 128;
  const bits = size === undefined ? addressBits : Number(size) - mappedBits;
  return bits >= 0 && bits <= addressBits ? { address, bits } : undefined;
}
