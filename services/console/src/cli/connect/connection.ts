import { CliError } from '../cli-error.ts';

/**
 * The address of a gateway, without a slash at its end.
 *
 * @throws CliError
 */
export function checkedUrl(url: string): string {
  const address = URL.parse(url);
  if (address === null || !/^https?:$/.test(address.protocol)) {
    throw new CliError(`${url} is no address; it is like http://127.0.0.1:8787`, 2);
  }
  if (address.username !== '' || address.search !== '' || address.hash !== '') {
    throw new CliError('the address of the gateway holds neither a password nor a query', 2);
  }
  return checkedWord('url', url.replace(/\/+$/, ''));
}

/**
 * A text that a shell, JSON, TOML and a .env file all take between double quotes as it is.
 *
 * @throws CliError for what one of them reads otherwise
 */
export function checkedWord(option: string, text: string): string {
  if (text !== '' && !/[\p{Cc}\s"'`$\\]/u.test(text)) return text;
  const what = text === '' ? 'is empty' : 'holds a space, a quote, a $ or a backslash';
  throw new CliError(`--${option} ${what}, which no client takes`, 2);
}

/** True for an address that only this machine reaches. */
export function isLocal(url: string): boolean {
  const host = URL.parse(url)?.hostname ?? '';
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127\./.test(host);
}
