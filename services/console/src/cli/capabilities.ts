import { CliError } from './cli-error.ts';

/**
 * `--capability images=false --capability output-tokens-max=8192` as the API takes it; `=default` leaves one to the table of
 * providers again. @throws CliError
 */
export function capabilitiesIn(options: {
  readonly capability?: readonly string[];
  readonly forModel?: string;
}): object {
  const { capability, forModel } = options;
  if (capability === undefined) {
    if (forModel !== undefined) throw new CliError('--for-model goes with --capability', 2);
    return {};
  }
  const capabilities = Object.fromEntries(capability.map(pair));
  return forModel === undefined ? { capabilities } : { modelCapabilities: { [forModel]: capabilities } };
}

function pair(text: string): [string, boolean | number | null] {
  const [name = '', value = '', ...rest] = text.split('=');
  if (name === '' || value === '' || rest.length > 0) {
    throw new CliError(`--capability takes name=value, like images=false; this is ${text}`, 2);
  }
  return [fieldName(name), settingOf(name, value)];
}

/** `stream-only` is what people say of `isStreamOnly`. */
function fieldName(name: string): string {
  const field = name.replace(/-(\w)/g, (_dash, letter: string) => letter.toUpperCase());
  return field === 'streamOnly' ? 'isStreamOnly' : field;
}

function settingOf(name: string, value: string): boolean | number | null {
  if (value === 'default') return null;
  if (value === 'true' || value === 'false') return value === 'true';
  const number = Number(value);
  if (Number.isFinite(number)) return number;
  throw new CliError(`the capability ${name} takes true, false, a number or default`, 2);
}
