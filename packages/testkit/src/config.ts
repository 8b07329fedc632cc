import { readSettings, textSetting } from '@ai-switch/kernel';

const settings = {
  AISWITCH_TEST_POSTGRES_URL: textSetting({
    describe: 'A PostgreSQL server where tests may create databases; empty starts one for the run.',
    fallback: '',
    pattern: /^postgres(ql)?:\/\//,
    accepts: 'a URL that begins with postgres://',
  }),
  AISWITCH_TEST_DATABASE_PREFIX: textSetting({
    describe: 'What the names of the databases of one test run begin with; set by the run itself.',
    fallback: 'aiswitch_test_',
    pattern: /^[a-z0-9_]{1,40}$/,
    accepts: 'lower-case letters, digits and underscores',
  }),
};

/** The PostgreSQL server that tests use; empty before one is named or started. */
export function testPostgresUrl(): string {
  return readSettings(settings).AISWITCH_TEST_POSTGRES_URL;
}

export function testDatabasePrefix(): string {
  return readSettings(settings).AISWITCH_TEST_DATABASE_PREFIX;
}

/** Tells the test processes that start from now on where the server is and what is theirs there. */
export function publishTestPostgres(url: string, prefix: string): void {
  process.env.AISWITCH_TEST_POSTGRES_URL = url;
  process.env.AISWITCH_TEST_DATABASE_PREFIX = prefix;
}
