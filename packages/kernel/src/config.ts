// Settings come from environment variables only, each declared once in a service's config.ts with its type, bounds,
// default and a sentence, so that `--help` can print them and a wrong one is one clear line.

export interface Setting<Value> {
  readonly describe: string;
  /** What holds when the variable is absent or empty; undefined makes it required. */
  readonly fallback: Value | undefined;
  /** The value, or a string that says what is wrong with it, put after the variable's name. */
  readonly parse: (text: string) => { readonly value: Value } | { readonly problem: string };
  /** The bounds in words, for `--help`. */
  readonly accepts: string;
}

export type Settings = Readonly<Record<string, Setting<unknown>>>;
export type Values<S extends Settings> = {
  readonly [K in keyof S]: S[K] extends Setting<infer Value> ? Value : never;
};

/** Something that whoever starts the process must mend; its message is one line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

// Decimal digits only: Number() alone reads a blank as 0 and takes hexadecimal.
const WHOLE_NUMBER = /^-?[0-9]+$/;

export function integerSetting(options: {
  readonly describe: string;
  readonly fallback?: number;
  readonly min: number;
  readonly max: number;
}): Setting<number> {
  const accepts = `a whole number from ${options.min} to ${options.max}`;
  return {
    describe: options.describe,
    fallback: options.fallback,
    accepts,
    parse: (text) => {
      const value = WHOLE_NUMBER.test(text) ? Number(text) : Number.NaN;
      const isInRange = Number.isSafeInteger(value) && value >= options.min && value <= options.max;
      return isInRange ? { value } : { problem: `must be ${accepts}` };
    },
  };
}

export function textSetting(options: {
  readonly describe: string;
  readonly fallback?: string;
  readonly pattern?: RegExp;
  readonly accepts?: string;
}): Setting<string> {
  const accepts = options.accepts ?? 'text';
  return {
    describe: options.describe,
    fallback: options.fallback,
    accepts,
    parse: (text) =>
      options.pattern === undefined || options.pattern.test(text)
        ? { value: text }
        : { problem: `must be ${accepts}` },
  };
}

export function choiceSetting<const Choice extends string>(options: {
  readonly describe: string;
  readonly fallback?: Choice;
  readonly choices: readonly Choice[];
}): Setting<Choice> {
  const accepts = `one of ${options.choices.join(', ')}`;
  return {
    describe: options.describe,
    fallback: options.fallback,
    accepts,
    parse: (text) => {
      const value = options.choices.find((choice) => choice === text);
      return value === undefined ? { problem: `must be ${accepts}` } : { value };
    },
  };
}

/**
 * Reads every declared setting.
 * @throws ConfigError naming the first variable that is missing or wrong. The wrong value is not repeated: it may be a
 * secret in the wrong place.
 */
export function readSettings<S extends Settings>(
  settings: S,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Values<S> {
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(settings)) {
    const text = environment[name];
    if (text === undefined || text === '') {
      if (setting.fallback === undefined) throw new ConfigError(`${name} is required: ${setting.describe}`);
      values[name] = setting.fallback;
      continue;
    }
    const outcome = setting.parse(text);
    if ('problem' in outcome) throw new ConfigError(`${name} ${outcome.problem} (${setting.describe})`);
    values[name] = outcome.value;
  }
  return values as Values<S>;
}

/** The settings as `--help` shows them, one paragraph a variable. */
export function describeSettings(settings: Settings): string {
  return Object.entries(settings)
    .map(([name, setting]) => {
      return `  ${name}\n      ${setting.describe}\n      ${setting.accepts}; ${describeFallback(setting.fallback)}`;
    })
    .join('\n');
}

function describeFallback(fallback: unknown): string {
  if (fallback === undefined) return 'required';
  return fallback === '' ? 'optional' : `default ${JSON.stringify(fallback)}`;
}
