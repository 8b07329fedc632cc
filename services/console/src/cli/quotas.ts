import type { Command } from 'commander';
import { CliError } from './cli-error.ts';
import { type Row, segment } from './client.ts';
import { command, sessionOf } from './command-line.ts';
import { count, moment } from './output.ts';

const TOKEN_TYPES = ['input', 'output', 'cacheRead', 'cacheWrite'] as const;

const COLUMNS = {
  USER: (row: Row) => row.user,
  TOKENS: (row: Row) => row.tokens,
  LIMIT: (row: Row) => (row.limit === undefined ? 'unlimited' : count(row.limit)),
  USED: (row: Row) => count(row.used),
  HELD: (row: Row) => count(row.held),
  OVERRUN: (row: Row) => count(row.overrun),
  RESETS: (row: Row) => moment(row.resets),
};

export function quotasCommand(): Command {
  const quotas = command('quotas', 'what users may spend in a calendar month, by type of token', [
    'npm run cli -- quotas set alice --input 5000000 --output 1000000',
    'npm run cli -- quotas show alice',
    'npm run cli -- quotas list',
  ]);

  quotas
    .addCommand(
      command('set', 'set limits; what is left out stays as it is', [
        'npm run cli -- quotas set alice --input 5000000 --output 1000000',
        'npm run cli -- quotas set alice --cache-read unlimited',
      ])
        .argument('<user>', 'name or id')
        .option('--input <tokens>', 'prompt tokens a month, or `unlimited`')
        .option('--output <tokens>', 'generated tokens a month, or `unlimited`')
        .option('--cache-read <tokens>', 'tokens read from prompt caches, or `unlimited`')
        .option('--cache-write <tokens>', 'tokens written to prompt caches, or `unlimited`')
        .action(async (user: string, options: Readonly<Record<string, string>>, self: Command) => {
          const session = sessionOf(self);
          const patch = patchIn(options);
          const quota = await session.client.call('PATCH', `/quotas/${segment(user)}`, patch);
          session.print(quota, `set ${Object.keys(patch).join(', ')} of ${quota.name}`);
        }),
    )
    .addCommand(
      command('show', 'show what a user has spent and may spend', [
        'npm run -s cli -- quotas show alice --json',
      ])
        .argument('<user>', 'name or id')
        .action(async (user: string, _options: object, self: Command) => {
          const session = sessionOf(self);
          const quota = await session.client.call('GET', `/quotas/${segment(user)}`);
          if (self.optsWithGlobals().json === true) session.print(quota, '');
          else session.printRows(rowsOf(quota), COLUMNS);
        }),
    )
    .addCommand(
      command('list', 'show all users', ['npm run cli -- quotas list']).action(
        async (_options: object, self: Command) => {
          const session = sessionOf(self);
          const all = await session.client.list('/quotas');
          const isJson = self.optsWithGlobals().json === true;
          session.printRows(isJson ? all : all.flatMap(rowsOf), COLUMNS);
        },
      ),
    );
  return quotas;
}

/** A row a type of token, for the type is what a limit is for. */
function rowsOf({ name, limits, used, held, overrun, periodEndsAtMs }: Row): readonly Row[] {
  const at = (counts: unknown, type: string) => (counts as Row | undefined)?.[type];
  return TOKEN_TYPES.map((type) => ({
    user: name,
    tokens: type,
    limit: at(limits, type),
    used: at(used, type),
    held: at(held, type),
    overrun: at(overrun, type),
    resets: periodEndsAtMs,
  }));
}

function patchIn(options: Readonly<Record<string, string>>): Readonly<Record<string, number | null>> {
  const patch: Record<string, number | null> = {};
  for (const type of TOKEN_TYPES) {
    const text = options[type];
    if (text === undefined) continue;
    if (text !== 'unlimited' && !/^[0-9]{1,15}$/.test(text)) {
      throw new CliError('a limit is a whole number of tokens, or `unlimited`', 2);
    }
    patch[type] = text === 'unlimited' ? null : Number(text);
  }
  if (Object.keys(patch).length === 0) {
    throw new CliError('give at least one of --input, --output, --cache-read and --cache-write', 2);
  }
  return patch;
}
