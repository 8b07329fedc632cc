import { describe, expect, it } from 'vitest';
import {
  ConfigError,
  choiceSetting,
  describeSettings,
  integerSetting,
  readSettings,
  textSetting,
} from '../src/index.ts';

const SETTINGS = {
  PORT: integerSetting({ describe: 'Where it listens.', fallback: 8080, min: 0, max: 65_535 }),
  OFFSET_MS: integerSetting({ describe: 'A shift.', fallback: 0, min: -5, max: 5 }),
  URL: textSetting({ describe: 'The database.', pattern: /^sqlite:/, accepts: 'sqlite:<file>' }),
  LEVEL: choiceSetting({ describe: 'The log level.', fallback: 'info', choices: ['info', 'debug'] }),
  FILE: textSetting({ describe: 'A file.', fallback: '' }),
};

const read = (environment: Record<string, string | undefined>) =>
  readSettings(SETTINGS, { URL: 'sqlite:a.db', ...environment });

describe('settings', () => {
  it('are the values given, and the defaults of those that are absent or empty', () => {
    expect(read({ PORT: '0', OFFSET_MS: '-5', LEVEL: 'debug' })).toEqual({
      PORT: 0,
      OFFSET_MS: -5,
      URL: 'sqlite:a.db',
      LEVEL: 'debug',
      FILE: '',
    });
    expect(read({ PORT: '' }).PORT).toBe(8080);
  });

  it.each(['-1', '65536', '1.5', '1e3', '0x10', ' ', ' 80', '80 ', 'NaN', 'Infinity', '９', '9'.repeat(400)])(
    'refuse the port %j',
    (text) => {
      expect(() => read({ PORT: text })).toThrow(ConfigError);
    },
  );

  it.each([
    [
      'a text that does not fit its pattern',
      { URL: 'hunter2' },
      /^URL must be sqlite:<file> \(The database\.\)$/,
    ],
    ['a choice that there is not', { LEVEL: 'hunter2' }, /^LEVEL must be one of info, debug \(/],
    ['a number out of bounds', { PORT: '700000' }, /^PORT must be a whole number from 0 to 65535 \(/],
    ['a required one that is absent', { URL: undefined }, /^URL is required: The database\.$/],
    ['a required one that is empty', { URL: '' }, /^URL is required: /],
  ])('name in one line %s, without repeating it', (_name, environment, line) => {
    expect(() => read(environment)).toThrow(line);
    expect(() => read(environment)).not.toThrow(/hunter2|700000/);
  });

  it('are read from the environment of the process unless told otherwise', () => {
    const values = readSettings({ PATH: textSetting({ describe: 'Where programs are.' }) });
    expect(values.PATH.length).toBeGreaterThan(0);
  });

  it('are described with their sentence, bounds and default', () => {
    const help = describeSettings(SETTINGS);
    expect(help).toContain(
      'PORT\n      Where it listens.\n      a whole number from 0 to 65535; default 8080',
    );
    expect(help).toContain('sqlite:<file>; required');
    expect(help).toContain('one of info, debug; default "info"');
    expect(help).toContain('A file.\n      text; optional');
  });
});
