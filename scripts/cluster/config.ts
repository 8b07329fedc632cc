import { readSettings, textSetting } from '@ai-switch/kernel';

const settings = {
  AISWITCH_E2E_URL: textSetting({
    describe:
      'A gateway that runs already, against which the end-to-end suite runs as well. It must reach providers on the loopback.',
    fallback: '',
    pattern: /^https?:\/\/[^/\s]+$/,
    accepts: 'https://host:port',
  }),
  AISWITCH_E2E_KEY: textSetting({
    describe: 'A key of one of its root users.',
    fallback: '',
    accepts: 'a key',
  }),
};

/** Undefined where none is given. */
export function givenGateway(): { readonly url: string; readonly key: string } | undefined {
  const { AISWITCH_E2E_URL: url, AISWITCH_E2E_KEY: key } = readSettings(settings);
  return url === '' ? undefined : { url, key };
}
