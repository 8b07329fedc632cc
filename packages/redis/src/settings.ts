import { type Setting, textSetting } from '@ai-switch/kernel';

/** The setting of where Redis is; empty: there is none, and each process counts for itself. */
export function redisUrlSetting(): Setting<string> {
  return textSetting({
    describe:
      'The Redis where processes count together: rates, wrong keys and wrong passwords. Without it each counts for itself. It holds ' +
      'nothing that has to be kept.',
    fallback: '',
    pattern: /^(rediss?:\/\/.*)?$/,
    accepts: 'redis://… or rediss://…, or nothing',
  });
}
