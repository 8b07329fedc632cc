import { readFile, stat } from 'node:fs/promises';
import { CliError } from './cli-error.ts';

/** @throws CliError for a file that cannot be read, or is over the bound */
export async function readTextFile(path: string, bytesMax: number): Promise<string> {
  try {
    if ((await stat(path)).size > bytesMax) throw new CliError(`${path} is over ${bytesMax} bytes`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`${path} cannot be read: ${(error as Error).message}`);
  }
}

/** @throws CliError for what holds no JSON object */
export async function readJsonFile(
  path: string,
  bytesMax: number,
): Promise<Readonly<Record<string, unknown>>> {
  const text = await readTextFile(path, bytesMax);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new CliError(`${path} is not valid JSON: ${(error as Error).message}`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new CliError(`${path} must hold a JSON object`);
}
