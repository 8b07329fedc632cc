import { join } from 'node:path';
import { readSettings, textSetting } from '@ai-switch/kernel';
import type { ComponentName } from '@ai-switch/testkit';

const settings = {
  AISWITCH_SERVICES_POSTGRES_URL: textSetting({
    describe: 'A PostgreSQL that runs already; none is started then.',
    fallback: '',
    pattern: /^postgres(ql)?:\/\//,
    accepts: 'postgres://user:password@host:port/database',
  }),
  AISWITCH_SERVICES_REDIS_URL: textSetting({
    describe: 'A Redis that runs already; none is started then.',
    fallback: '',
    pattern: /^rediss?:\/\//,
    accepts: 'redis://host:port',
  }),
  AISWITCH_SERVICES_KAFKA: textSetting({
    describe: 'A Kafka that runs already; none is started then.',
    fallback: '',
    pattern: /^[^\s:]+:\d+(,[^\s:]+:\d+)*$/,
    accepts: 'host:port, several with commas',
  }),
  AISWITCH_SERVICES_STATE: textSetting({
    describe: 'The file that says what runs; another one for a second set of components.',
    fallback: join(import.meta.dirname, '../../node_modules/.cache/services.json'),
    accepts: 'a path',
  }),
};

/** The addresses of what runs already, by component; empty for what is to be started. */
export function givenAddresses(): Readonly<Record<ComponentName, string>> {
  const values = readSettings(settings);
  return {
    postgres: values.AISWITCH_SERVICES_POSTGRES_URL,
    redis: values.AISWITCH_SERVICES_REDIS_URL,
    kafka: values.AISWITCH_SERVICES_KAFKA,
  };
}

export function statePath(): string {
  return readSettings(settings).AISWITCH_SERVICES_STATE;
}
