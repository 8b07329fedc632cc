// Pure: what an address of a provider may look like, however its host is written. The parser of URLs makes one form of
// every way to write an IPv4 address (octal, hexadecimal, one number, full-width digits), so that what is checked here is
// what is dialled.

const CHARACTERS_MAX = 2_048;
// What DNS knows, and the form that the parser gives to IPv6.
const HOST = /^(?:[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?|\[[0-9a-f:.]+\])$/;

/** Words that say what is wrong and repeat nothing of the address. */
export type ParsedBaseUrl = { readonly url: URL } | { readonly problem: string };

export function parseBaseUrl(text: string): ParsedBaseUrl {
  // The parser leaves blanks and control characters out and takes a backslash for a slash: nobody means that.
  if (/[\s\p{C}\\]/u.test(text) || text.length > CHARACTERS_MAX) return NO_ADDRESS;
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return NO_ADDRESS;
  if (/[?#]/.test(text) || /^[^/]*\/*[^/]*@/.test(text)) {
    return { problem: 'The base URL must have no user, password, query or fragment.' };
  }
  if (!HOST.test(url.hostname)) {
    return {
      problem: 'The base URL must name its host by an address or a plain name without a dot at its end.',
    };
  }
  if (url.port === '0') return { problem: 'The base URL must have a port from 1 to 65535.' };
  return { url };
}

const NO_ADDRESS = {
  problem: 'The base URL must be an http or https address, like https://api.openai.com/v1.',
};

/** The address without brackets when the host is one; undefined for a name. */
export function literalAddress({ hostname }: URL): string | undefined {
  if (hostname.startsWith('[')) return hostname.slice(1, -1);
  return /^[0-9.]+$/.test(hostname) ? hostname : undefined;
}
