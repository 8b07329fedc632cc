import { choiceSetting, isNetwork, type Setting, textSetting } from '@ai-switch/kernel';
import { FORWARDED_HEADERS, type TrustedProxies } from './client-address.ts';

const NETWORKS_MAX = 256;

/** The setting of whose word on a client's address is believed; `proxiesIn` reads its value. */
export function trustedProxiesSetting(): Setting<string> {
  const setting = textSetting({
    describe:
      'The proxies in front of it, whose word on the address of a client is believed. Without them that is who connects.',
    fallback: '',
    accepts: `up to ${NETWORKS_MAX} addresses or networks like 10.0.0.0/8 with commas between`,
  });
  return {
    ...setting,
    parse: (text) => {
      const networks = networksIn(text);
      const isRight = networks.length <= NETWORKS_MAX && networks.every(isNetwork);
      return isRight ? { value: text } : { problem: `must be ${setting.accepts}` };
    },
  };
}

export function forwardedHeaderSetting(): Setting<TrustedProxies['header']> {
  return choiceSetting({
    describe:
      'The header in which those proxies write where a request comes from. The other one is not read: it is the client’s own.',
    fallback: 'x-forwarded-for',
    choices: FORWARDED_HEADERS,
  });
}

export function proxiesIn(text: string, header: TrustedProxies['header']): TrustedProxies {
  return { networks: networksIn(text), header };
}

function networksIn(text: string): readonly string[] {
  return text.trim() === '' ? [] : text.split(',').map((network) => network.trim());
}
