import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { ConfigError, type Setting, textSetting } from '@ai-switch/kernel';

/** One place where a service listens. */
export interface Endpoint {
  /** `host:port` with the address of one machine. */
  readonly target: string;
  /** The name that its certificate has to be for. */
  readonly serverName: string;
}

/**
 * Every place that an address stands for: `host:port`, several with commas, or `dns:///name:port`. A name that has several
 * addresses, as a headless service has, stands for all of them.
 */
export async function endpointsOf(address: string): Promise<readonly Endpoint[]> {
  const found = await Promise.all(address.split(',').map((each) => endpointsOfOne(each.trim())));
  const byTarget = new Map(found.flat().map((endpoint) => [endpoint.target, endpoint]));
  return [...byTarget.values()];
}

async function endpointsOfOne(address: string): Promise<readonly Endpoint[]> {
  const [, host = '', port = ''] = HOST_AND_PORT.exec(address) ?? [];
  const name = host.replace(/^\[|\]$/g, '');
  const machines = isIP(name) === 0 ? await lookup(name, { all: true }) : [{ address: name }];
  return machines.map(({ address: ip }) => ({
    target: ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`,
    serverName: name,
  }));
}

const HOST_AND_PORT = /^(?:dns:\/\/\/)?(\[[0-9a-fA-F:.]+\]|[^\s:,/]+):(\d{1,5})$/;

/** @throws ConfigError for a text that is no address */
export function checkAddress(address: string): void {
  if (address.split(',').every((each) => HOST_AND_PORT.test(each.trim()))) return;
  throw new ConfigError(`${address} is no address of a service: it must be host:port, several with commas`);
}

/** The setting of where another service is. @param fallback `''` for a service that need not be there */
export function serviceAddressSetting(service: string, fallback?: ''): Setting<string> {
  const setting = textSetting({
    describe: `Where the ${service} service listens for gRPC. Every address of a name is used.`,
    accepts: 'host:port, several with commas',
    ...(fallback !== undefined && { fallback }),
  });
  return {
    ...setting,
    parse: (text) =>
      text === fallback || text.split(',').every((each) => HOST_AND_PORT.test(each.trim()))
        ? { value: text }
        : { problem: `must be ${setting.accepts}` },
  };
}
