import { readSettings, textSetting } from '@ai-switch/kernel';

const NAME = 'AISWITCH_TEST_POSTGRES_URL';

/** The PostgreSQL server that tests use; empty before one is named or started. */
export function testPostgresUrl(): string {
  const settings = {
    [NAME]: textSetting({
      describe: 'a PostgreSQL server where tests may create databases; empty starts one for the run',
      fallback: '',
      pattern: /^postgres(ql)?:\/\//,
      accepts: 'a URL that begins with postgres://',
    }),
  };
  return readSettings(settings)[NAME] ?? '';
}

/** Tells the test processes that start from now on where the server is. */
export function publishTestPostgresUrl(url: string): void {
  process.env[NAME] = url;
}
