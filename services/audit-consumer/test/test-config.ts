import { integerSetting, readSettings } from '@ai-switch/kernel';

/** How many random changes are tried on each database; 10,000 take some minutes. */
export function tamperingCount(): number {
  const settings = {
    AISWITCH_TEST_TAMPERINGS: integerSetting({
      describe: 'Random changes to a stored trail that are tried.',
      fallback: 250,
      min: 1,
      max: 1_000_000,
    }),
  };
  return readSettings(settings).AISWITCH_TEST_TAMPERINGS;
}

/** How often the consumer is killed on each database; each takes about two seconds. */
export function killCount(): number {
  const settings = {
    AISWITCH_TEST_KILLS: integerSetting({
      describe: 'How often a process is killed.',
      fallback: 4,
      min: 1,
      max: 10_000,
    }),
  };
  return readSettings(settings).AISWITCH_TEST_KILLS;
}
