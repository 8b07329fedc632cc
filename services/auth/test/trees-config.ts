import { integerSetting, readSettings } from '@ai-switch/kernel';

/** How many random companies are tried; 10,000 take some minutes. */
export function treeCount(): number {
  const settings = {
    AISWITCH_TEST_TREES: integerSetting({
      describe: 'Random companies that are tried.',
      fallback: 150,
      min: 1,
      max: 100_000,
    }),
  };
  return readSettings(settings).AISWITCH_TEST_TREES;
}
