import { expect, test } from 'vitest';
import { literalAddress, parseBaseUrl } from '../src/base-url.ts';

test.each([
  ['https://api.example/v1', 'https://api.example/v1', undefined],
  ['HTTPS://API.Example:8443/V1/', 'https://api.example:8443/V1/', undefined],
  ['https://bücher.example', 'https://xn--bcher-kva.example/', undefined],
  ['https://a/b@c', 'https://a/b@c', undefined],
  ['http://0x7f.1:8000/v1', 'http://127.0.0.1:8000/v1', '127.0.0.1'],
  ['http://127.0.0.1./v1', 'http://127.0.0.1/v1', '127.0.0.1'],
  ['http://[0:0:0:0:0:0:0:1]:8000/v1', 'http://[::1]:8000/v1', '::1'],
  ['https://1.1.1.1.example/v1', 'https://1.1.1.1.example/v1', undefined],
])('%s is read as %s', (text, href, literal) => {
  const parsed = parseBaseUrl(text);
  expect(parsed).toEqual({ url: new URL(href) });
  expect('url' in parsed && literalAddress(parsed.url)).toBe(literal);
});

test.each([
  ['', /http or https address/],
  ['api.example/v1', /http or https address/],
  ['ftp://api.example/v1', /http or https address/],
  [' https://api.example/v1', /http or https address/],
  ['https://api.example/v1 ', /http or https address/],
  ['https://api.example/a b', /http or https address/],
  ['https://api.exa\tmple/v1', /http or https address/],
  ['https://api.example/v1\r\nHost: canary', /http or https address/],
  ['https://api.example/v1\0', /http or https address/],
  ['https://api.exam\u00adple/v1', /http or https address/],
  ['https://api.example\\@canary/v1', /http or https address/],
  [`https://api.example/${'x'.repeat(2_048)}`, /http or https address/],
  ['https://canary@api.example/v1', /no user/],
  ['https://:canary@api.example/v1', /no user/],
  ['https://@api.example/v1', /no user/],
  ['https:@api.example/v1', /no user/],
  ['https://api.example/v1?canary', /query or fragment/],
  ['https://api.example/v1#canary', /query or fragment/],
  ['https://api.example/v1?', /query or fragment/],
  ['https://api.example./v1', /without a dot at its end/],
  ['https://{resource}.example/v1', /plain name/],
  ['https://*.example/v1', /plain name/],
  [`https://${'a'.repeat(254)}/v1`, /plain name/],
  ['https://api.example:0/v1', /port from 1/],
])('%j is no base URL, and what is said repeats nothing of it', (text, problem) => {
  const parsed = parseBaseUrl(text);
  expect(parsed).toEqual({ problem: expect.stringMatching(problem) });
  expect(JSON.stringify(parsed)).not.toContain('canary');
});
