import { describe, expect, test } from 'vitest';
import { DialAddresses } from '../src/dial-addresses.ts';

const HTTPS = { isSecure: true, port: 443 };
const HTTP = { isSecure: false, port: 8_080 };

describe('with no network listed', () => {
  const addresses = new DialAddresses([]);

  test.each([
    '1.1.1.1',
    '8.8.8.8',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.1',
    '169.253.255.255',
    '172.15.255.255',
    '172.32.0.0',
    '192.0.1.1',
    '192.167.255.255',
    '192.169.0.0',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '::ffff:8.8.8.8',
    '2606:4700:4700::1111',
    '2001:4860:4860::8888',
    '2001:200::1',
    '2400:cb00::1',
    // A network without IPv4 reaches 8.8.8.8 so.
    '64:ff9b::8.8.8.8',
  ])('%s is dialled by https, and not by http', (address) => {
    expect(addresses.allows(address, HTTPS)).toBe(true);
    expect(addresses.allows(address, HTTP)).toBe(false);
  });

  test.each([443, 1_024, 8_443, 65_535])('port %i of the internet is dialled', (port) => {
    expect(addresses.allows('1.1.1.1', { isSecure: true, port })).toBe(true);
  });

  test.each(['', 'localhost', '1.1.1', '1.1.1.1.1', '[::1]', '1.1.1.256'])(
    '“%s”, which is no address, is not',
    (text) => {
      expect(addresses.allows(text, HTTPS)).toBe(false);
    },
  );
});

describe('with networks listed', () => {
  const PRIVATE = ['127.0.0.0/8', '::1', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'];
  const EVERYTHING = ['0.0.0.0/0', '::/0'];

  test.each([
    '127.0.0.1',
    '127.9.9.9',
    '::1',
    '10.0.0.5',
    '::ffff:10.0.0.5',
    '172.31.0.1',
    '192.168.1.1',
    'fd12::1',
  ])('%s is dialled by http and on any port', (address) => {
    const addresses = new DialAddresses(PRIVATE);
    expect(addresses.allows(address, { isSecure: false, port: 22 })).toBe(true);
    expect(addresses.allows(address, { isSecure: false, port: 0 })).toBe(false);
  });

  test.each(['100.64.0.1', '192.0.2.1', '198.18.0.1', 'fec0::1', '64:ff9b::a00:5', '2002:a00:5::1'])(
    '%s, which is in none of them, is not',
    (address) => {
      expect(new DialAddresses(PRIVATE).allows(address, HTTPS)).toBe(false);
    },
  );

  const ONLY_EXACT = [
    '169.254.169.254',
    '169.254.170.2',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    'fd00:ec2::254',
    'fd20:ce::254',
    'fe80::a9fe:a9fe',
    '::ffff:169.254.169.254',
    '::a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    '2001:0:4136:e378:8000:63bf:5601:5601',
    '2606:4700::5efe:a9fe:a9fe',
    '0.0.0.0',
    '::',
    '224.0.0.1',
    '255.255.255.255',
    'ff02::1',
  ];
  test.each(ONLY_EXACT)('%s is not dialled because of a wide network', (address) => {
    for (const networks of [
      EVERYTHING,
      [...PRIVATE, '169.254.0.0/16', 'fe80::/10', 'fd00::/8', '100.64.0.0/10'],
    ])
      expect(new DialAddresses(networks).allows(address, HTTPS)).toBe(false);
  });
  test.each(ONLY_EXACT)('%s is dialled when it is listed by itself, and only it', (address) => {
    const addresses = new DialAddresses([address]);
    expect(addresses.allows(address, HTTP)).toBe(true);
    expect(addresses.allows('169.254.169.253', HTTPS)).toBe(false);
  });

  test('an address may be listed with all of its bits', () => {
    for (const network of ['169.254.169.254/32', '::ffff:169.254.169.254/128'])
      expect(new DialAddresses([network]).allows('169.254.169.254', HTTP)).toBe(true);
  });

  test('what is no network is refused by name', () => {
    expect(() => new DialAddresses(['10.0.0.0/8', 'localhost'])).toThrow(/"localhost" is no network/);
  });
});
