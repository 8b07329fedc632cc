import { CommanderError } from 'commander';
import { CliError } from './cli-error.ts';
import { cliProgram } from './program.ts';

const USAGE_EXIT_CODE = 2;

try {
  await cliProgram().parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  // Commander has already said what is wrong, or shown the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_EXIT_CODE;
  const isOperators = error instanceof CliError;
  process.stderr.write(`error: ${isOperators ? error.message : describe(error)}\n`);
  return isOperators ? error.exitCode : 1;
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
