import { describe, expect, test } from 'vitest';
import { AddressSet, isNetwork, normalAddress } from '../src/index.ts';

describe('an address', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:0a00:0001', '10.0.0.1'],
    ['0:0:0:0:0:ffff:0a00:1', '10.0.0.1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::1', '::1'],
  ])('%s has the one form %s', (text, normal) => {
    expect(normalAddress(text)).toBe(normal);
  });

  test.each([
    '',
    'localhost',
    '10.0.0',
    '10.0.0.256',
    '010.0.0.1',
    '0x7f.1',
    '2130706433',
    '[::1]',
    '1.2.3.4:80',
  ])('%j is none', (text) => {
    expect(normalAddress(text)).toBeUndefined();
  });
});

describe('a set of networks', () => {
  const set = new AddressSet(['10.1.0.0/16', '192.0.2.7', '2001:db8::/32', '::ffff:172.16.0.0/108']);

  test.each([
    ['10.1.255.255', true],
    ['10.2.0.0', false],
    ['::ffff:10.1.2.3', true],
    ['192.0.2.7', true],
    ['192.0.2.8', false],
    ['2001:db8:ffff::', true],
    ['2001:db9::', false],
    ['172.31.255.255', true],
    ['172.32.0.0', false],
    ['no address', false],
    ['', false],
  ])('has %s: %s', (address, has) => {
    expect(set.has(address)).toBe(has);
  });

  test.each([
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/',
    '2001:db8::/129',
    '::ffff:10.0.0.0/95',
    'all',
    '10.0.0.0/8 ',
  ])('cannot be made of %j', (text) => {
    expect(isNetwork(text)).toBe(false);
    expect(() => new AddressSet([text])).toThrow(/is no network/);
  });

  test('of nothing has nothing', () => {
    const none = new AddressSet([]);
    expect(none.isEmpty).toBe(true);
    expect(none.has('10.0.0.1')).toBe(false);
  });
});
