// Where a request comes from. Who connects is known; what a header says besides is believed only of a proxy that the operator
// names, and only as far as each hop was written by such a proxy: from the right to the first address that is none.
//
// Invariant: no header of a client that comes straight, or through trusted proxies, changes the address that limits, network
// lists and records go by.

import type { IncomingMessage } from 'node:http';
import { isIPv4, type Socket } from 'node:net';
import { AddressSet, normalAddress } from '@ai-switch/kernel';

/** The one header that the proxies write. The other is the client's own and is not read. */
export const FORWARDED_HEADERS = ['x-forwarded-for', 'forwarded'] as const;

export interface TrustedProxies {
  /** Addresses and networks of proxies; empty: nobody is believed. */
  readonly networks: readonly string[];
  readonly header: (typeof FORWARDED_HEADERS)[number];
}

export const NO_PROXIES: TrustedProxies = { networks: [], header: 'x-forwarded-for' };

/** What of a request tells its address; '' when the socket is gone. */
export type ClientAddressOf = (incoming: Pick<IncomingMessage, 'headers' | 'socket'>) => string;

/** @throws RangeError naming the first text that is no network */
export function clientAddressReader({ networks, header }: TrustedProxies): ClientAddressOf {
  const proxies = new AddressSet(networks);
  if (proxies.isEmpty) return ({ socket }) => peerAddress(socket);
  return ({ headers, socket }) => {
    const peer = peerAddress(socket);
    const text = headers[header];
    if (text === undefined || !proxies.has(peer)) return peer;
    return farthestTold(peer, hopsIn(header, String(text)), proxies);
  };
}

/** The hops stand in the order in which the request went: the last was written by who connects. */
function farthestTold(peer: string, hops: readonly string[], proxies: AddressSet): string {
  let address = peer;
  for (let index = hops.length - 1; index >= 0 && proxies.has(address); index -= 1) {
    const told = hopAddress(hops[index] ?? '');
    // What nobody can read says nothing of who is behind it: its writer is the farthest that is known.
    if (told === undefined) break;
    address = told;
  }
  return address;
}

function hopsIn(header: TrustedProxies['header'], text: string): readonly string[] {
  return header === 'forwarded' ? forwardedHops(text) : text.split(',');
}

// https://www.rfc-editor.org/rfc/rfc7239#section-4. A quoted value may hold a comma, but an address has none: who writes one has
// made an element that cannot be read.
function forwardedHops(text: string): readonly string[] {
  return text.split(',').map((element) => {
    const values = element.split(';').flatMap((pair) => /^\s*for\s*=\s*(.*)$/i.exec(pair)?.[1] ?? []);
    const [only = ''] = values;
    return values.length === 1 ? only.trim().replace(/^"([^"]*)"$/, '$1') : '';
  });
}

/** An address, with a port or without: `192.0.2.7`, `192.0.2.7:80`, `2001:db8::1`, `[2001:db8::1]:80`. */
function hopAddress(text: string): string | undefined {
  const hop = text.trim();
  const [, bracketed, plain] = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([0-9.]{7,15}))(?::\d{1,5})?$/.exec(hop) ?? [];
  const address = bracketed ?? plain ?? (/^[0-9a-fA-F:.]{2,45}$/.test(hop) ? hop : '');
  if (bracketed !== undefined && isIPv4(bracketed)) return undefined;
  return normalAddress(address);
}

const peers = new WeakMap<Socket, string>();

/** Read once a connection. */
function peerAddress(socket: Socket): string {
  let address = peers.get(socket);
  if (address === undefined) {
    address = normalAddress(socket.remoteAddress ?? '') ?? '';
    if (address !== '') peers.set(socket, address);
  }
  return address;
}
