import { readSettings } from '@ai-switch/kernel';
import { expect, test } from 'vitest';
import { networksIn, upstreamNetworksSetting } from '../src/upstream-networks.ts';

const NAME = 'AISWITCH_UPSTREAM_NETWORKS';
const settings = { [NAME]: upstreamNetworksSetting('none') };
const read = (text?: string) => networksIn(readSettings(settings, { [NAME]: text })[NAME] ?? '');

test.each([
  [undefined, []],
  ['none', []],
  ['10.0.0.5', ['10.0.0.5']],
  ['10.0.0.0/8, fc00::/7', ['10.0.0.0/8', 'fc00::/7']],
])('the setting %s lists the networks %j', (text, networks) => {
  expect(read(text)).toEqual(networks);
});

test.each(['localhost', '10.0.0.0/33', '10.0.0.0/8,', 'none,10.0.0.0/8', Array(257).fill('10.0.0.1').join()])(
  'the setting “%s” stops the start',
  (text) => {
    expect(() => read(text)).toThrow(/AISWITCH_UPSTREAM_NETWORKS must be up to 256 networks/);
  },
);
