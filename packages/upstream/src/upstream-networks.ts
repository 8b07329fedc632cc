import { isNetwork, type Setting, textSetting } from '@ai-switch/kernel';

const NETWORKS_MAX = 256;
const NONE = 'none';

/** The setting of what may be dialled besides https on the public internet; `networksIn` reads its value. */
export function upstreamNetworksSetting(fallback: string): Setting<string> {
  const setting = textSetting({
    describe:
      'The networks in which providers may stand, over http as well, besides https on the public internet. ' +
      'An address that clouds give their metadata from is used only when it is listed by itself.',
    fallback,
    accepts: `up to ${NETWORKS_MAX} networks like 10.0.0.0/8 with commas between, or \`${NONE}\``,
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

export function networksIn(text: string): readonly string[] {
  return text.trim() === NONE ? [] : text.split(',').map((network) => network.trim());
}
