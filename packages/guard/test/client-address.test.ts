import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clientAddressReader, NO_PROXIES, type TrustedProxies } from '../src/client-address.ts';

const PROXIES = ['10.0.0.0/8', '2001:db8:1::/48'];
const from = (remoteAddress: string | undefined, headers: IncomingHttpHeaders = {}) => ({
  socket: { remoteAddress } as Socket,
  headers,
});
const read = (proxies: Partial<TrustedProxies>, remoteAddress: string, headers: IncomingHttpHeaders = {}) =>
  clientAddressReader({ ...NO_PROXIES, ...proxies })(from(remoteAddress, headers));
const forwardedFor = (text: string) => ({ 'x-forwarded-for': text });

describe('a client that connects straight', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:DB8:0::7', '2001:db8::7'],
    ['fe80::1%eth0', 'fe80::1'],
  ])('from %s is at %s', (remote, address) => {
    expect(read({}, remote)).toBe(address);
    expect(read({}, remote, { ...forwardedFor('1.1.1.1'), forwarded: 'for=1.1.1.1' })).toBe(address);
    expect(read({ networks: PROXIES }, remote, forwardedFor('1.1.1.1'))).toBe(address);
  });

  test('that is gone is nowhere', () => {
    expect(clientAddressReader(NO_PROXIES)(from(undefined))).toBe('');
  });
});

describe('behind proxies that are trusted', () => {
  test.each([
    ['one proxy', '10.0.0.1', '192.0.2.7', '192.0.2.7'],
    ['one proxy of IPv6', '2001:db8:1::5', '2001:db8:9::7', '2001:db8:9::7'],
    ['three proxies', '10.0.0.1', '192.0.2.7, 10.0.0.3, 10.0.0.2', '192.0.2.7'],
    ['a proxy that is not trusted', '10.0.0.1', '192.0.2.7, 203.0.113.9, 10.0.0.2', '203.0.113.9'],
    ['a client that says more', '10.0.0.1', '1.1.1.1, 127.0.0.1, 192.0.2.7', '192.0.2.7'],
    ['a client that says it is a proxy', '10.0.0.1', '1.1.1.1, 10.9.9.9, 192.0.2.7', '192.0.2.7'],
    ['a proxy that asks for itself', '10.0.0.1', '10.0.0.2', '10.0.0.2'],
    ['no word of the proxy', '10.0.0.1', '', '10.0.0.1'],
    ['a port', '10.0.0.1', '192.0.2.7:50123', '192.0.2.7'],
    ['IPv6 with a port', '10.0.0.1', '[2001:db8::7]:50123', '2001:db8::7'],
    ['a mapped address', '10.0.0.1', '::ffff:192.0.2.7', '192.0.2.7'],
    ['a mapped proxy', '::ffff:10.0.0.1', '192.0.2.7, ::ffff:10.0.0.2', '192.0.2.7'],
    ['a word that is no address', '10.0.0.1', '192.0.2.7, unknown', '10.0.0.1'],
    ['a word behind a proxy', '10.0.0.1', 'unknown, 10.0.0.2', '10.0.0.2'],
    ['a zone', '10.0.0.1', '192.0.2.7%x', '10.0.0.1'],
    ['an octal address', '10.0.0.1', '0300.0.2.7', '10.0.0.1'],
    ['an address of one number', '10.0.0.1', '3221225991', '10.0.0.1'],
    ['IPv4 in brackets', '10.0.0.1', '[192.0.2.7]', '10.0.0.1'],
    ['a name', '10.0.0.1', 'localhost', '10.0.0.1'],
    ['an empty place', '10.0.0.1', '192.0.2.7, ', '10.0.0.1'],
  ])('by %s', (_how, remote, header, address) => {
    expect(read({ networks: PROXIES }, remote, forwardedFor(header))).toBe(address);
  });

  test.each([
    ['for=192.0.2.7', '192.0.2.7'],
    ['For="[2001:db8::7]:4711";proto=https', '2001:db8::7'],
    ['for=1.1.1.1, by=10.0.0.1; for = 192.0.2.7 ;host=a', '192.0.2.7'],
    ['for=192.0.2.7, for=10.0.0.2', '192.0.2.7'],
    ['for=unknown', '10.0.0.1'],
    ['for=_hidden', '10.0.0.1'],
    ['for=192.0.2.7;for=1.1.1.1', '10.0.0.1'],
    ['for="192.0.2.7, for=1.1.1.1"', '10.0.0.1'],
    ['by=192.0.2.7', '10.0.0.1'],
  ])('Forwarded: %s is %s', (header, address) => {
    const proxies = { networks: PROXIES, header: 'forwarded' } as const;
    expect(read(proxies, '10.0.0.1', { forwarded: header, ...forwardedFor('1.1.1.1') })).toBe(address);
    expect(read({ networks: PROXIES }, '10.0.0.1', { forwarded: header })).toBe('10.0.0.1');
  });
});

describe('whatever a client says of itself', () => {
  const said = fc.oneof(
    fc.string(),
    fc.ipV4(),
    fc.ipV6(),
    fc.constantFrom('127.0.0.1', '10.0.0.1', '::1', 'unknown', ',', ' , ', '"', 'for=127.0.0.1;', '[::1]:1'),
  );
  const header = fc.array(said, { maxLength: 8 }).map((parts) => parts.join(', '));
  const outsider = fc.oneof(
    fc.ipV4().filter((address) => !address.startsWith('10.')),
    fc.constantFrom('2001:db8:2::1', '2606:4700::1'),
  );
  const proxy = fc.ipV4().map((address) => address.replace(/^\d+/, '10'));

  test('its address is where it connects from', () => {
    fc.assert(
      fc.property(outsider, header, header, fc.boolean(), (address, first, second, isNamed) => {
        const headers = { 'x-forwarded-for': first, forwarded: second, 'x-real-ip': first, via: second };
        const proxies = isNamed ? { networks: PROXIES } : {};
        expect(read(proxies, address, headers)).toBe(read({}, address));
      }),
      { numRuns: 5_000 },
    );
  });

  test('its address behind proxies is where it connects to the first of them from', () => {
    fc.assert(
      fc.property(
        outsider,
        header,
        fc.array(proxy, { minLength: 1, maxLength: 5 }),
        (address, spoofed, proxies) => {
          // Each proxy puts behind what it was told whom it was asked by.
          const told = [address, ...proxies.slice(0, -1)].reduce(
            (line, each) => (line === '' ? each : `${line}, ${each}`),
            spoofed,
          );
          const seen = read({ networks: PROXIES }, proxies.at(-1) ?? '', forwardedFor(told));
          expect(seen).toBe(read({}, address));
        },
      ),
      { numRuns: 5_000 },
    );
  });
});
