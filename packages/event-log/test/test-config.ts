import { integerSetting, readSettings } from '@ai-switch/kernel';

const settings = {
  AISWITCH_TEST_KILLS: integerSetting({
    describe: 'How often a process is killed; each takes about half a second.',
    fallback: 12,
    min: 1,
    max: 10_000,
  }),
};

export function killCount(): number {
  return readSettings(settings).AISWITCH_TEST_KILLS;
}
