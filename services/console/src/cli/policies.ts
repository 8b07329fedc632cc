import type { Command } from 'commander';
import { CliError } from './cli-error.ts';
import type { InputOf, Row } from './client.ts';
import { command, sessionOf } from './command-line.ts';
import { list } from './output.ts';
import { scopeOf } from './quotas/targets.ts';

const POLICY = '/access-policies/{scope}';

const COLUMNS = {
  SCOPE: (row: Row) => row.scope,
  MODELS: (row: Row) => listOr(row.models, 'no model'),
  FROM: (row: Row) => listOr(row.networks, 'nowhere'),
  RATE: (row: Row) => rateText(row.rateLimit),
  'RATE OF A USER': (row: Row) => rateText(row.userRateLimit),
  CACHE: (row: Row) =>
    row.isCachingAllowed === undefined ? '' : row.isCachingAllowed ? 'allowed' : 'forbidden',
  RULES: (row: Row) => listOr(row.ruleSets, 'none'),
};

const VALUE_COLUMNS = {
  WHAT: (row: Row) => row.field,
  HOLDS: (row: Row) => JSON.stringify(row.value),
  'SET AT': (row: Row) =>
    sourcesOf(row)
      .map(({ scope, value }) => `${scope} ${JSON.stringify(value)}`)
      .join(', ') || 'nowhere',
};

export function policiesCommand(): Command {
  const policies = command('policies', 'which models, from where, how fast: for a company down to a key', [
    'npm run cli -- policies set company --model "gpt-*" --model claude-haiku-4-5 --cache off',
    'npm run cli -- policies set department:research --rate 600 --tokens 200000',
    'npm run cli -- policies effective alice',
  ]);
  return policies
    .addCommand(setCommand())
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(clearCommand())
    .addCommand(effectiveCommand());
}

interface SetOptions {
  readonly model?: readonly string[];
  readonly network?: readonly string[];
  readonly rules?: readonly string[];
  readonly rate?: string;
  readonly tokens?: string;
  readonly concurrent?: string;
  readonly userRate?: string;
  readonly userTokens?: string;
  readonly userConcurrent?: string;
  readonly cache?: string;
  readonly unset?: readonly (keyof Terms)[];
}
type Terms = InputOf<typeof POLICY, 'PUT'>['body'];

function setCommand(): Command {
  return command('set', 'set what holds at a scope; what is left out stays as it is there', [
    'npm run cli -- policies set company --model "gpt-*" --model claude-haiku-4-5',
    'npm run cli -- policies set department:research --rate 600 --tokens 200000 --user-rate 30',
    'npm run cli -- policies set alice --network 10.0.0.0/8 --rules no-secrets',
    'npm run cli -- policies set project:web --unset models --cache off',
  ])
    .argument('<whose>', 'company, department:<id>, project:<id>, key:<id> or a user')
    .option('--model <alias...>', 'only these models; * stands for any characters')
    .option('--network <cidr...>', 'only from these addresses and networks')
    .option('--rules <id...>', 'rule sets that look at what goes through')
    .option('--rate <requests>', 'requests a minute, all together')
    .option('--tokens <tokens>', 'tokens a minute, all together')
    .option('--concurrent <requests>', 'requests at the same time, all together')
    .option('--user-rate <requests>', 'requests a minute of each user')
    .option('--user-tokens <tokens>', 'tokens a minute of each user')
    .option('--user-concurrent <requests>', 'requests at the same time of each user')
    .option('--cache <on|off>', 'whether answers may be kept and given again')
    .option('--unset <what...>', 'models, networks, ruleSets, rateLimit, userRateLimit or isCachingAllowed')
    .action(async (whose: string, options: SetOptions, self: Command) => {
      const { client, printRows } = sessionOf(self);
      if (Object.keys(options).length === 0) throw new CliError('say what is to be set', 2);
      const path = { scope: policyScope(whose) };
      const before = await client.call('GET', POLICY, { path });
      const body = { ...termsOf(before), ...termsIn(options, before) };
      for (const name of options.unset ?? []) delete body[name];
      const header = { 'If-Match': `"${before.revision}"` };
      printRows([await client.call('PUT', POLICY, { path, body, header })], COLUMNS);
    });
}

function listCommand(): Command {
  return command('list', 'list the policies that were set', ['npm run cli -- policies list']).action(
    async (_options: object, self: Command) => {
      const { client, printRows } = sessionOf(self);
      printRows(await client.list('/access-policies'), COLUMNS);
    },
  );
}

function showCommand(): Command {
  return command('show', 'show what is set at one scope', ['npm run cli -- policies show company'])
    .argument('<whose>', 'company, department:<id>, project:<id>, key:<id> or a user')
    .action(async (whose: string, _options: object, self: Command) => {
      const { client, printRows } = sessionOf(self);
      printRows([await client.call('GET', POLICY, { path: { scope: policyScope(whose) } })], COLUMNS);
    });
}

function clearCommand(): Command {
  return command('clear', 'set nothing at a scope any more', ['npm run cli -- policies clear alice'])
    .argument('<whose>', 'company, department:<id>, project:<id>, key:<id> or a user')
    .action(async (whose: string, _options: object, self: Command) => {
      const { client, print } = sessionOf(self);
      const path = { scope: policyScope(whose) };
      const put = await client.call('PUT', POLICY, { path, body: {} });
      print(put, `nothing is set at ${put.scope}`);
    });
}

function effectiveCommand(): Command {
  return command('effective', 'tell what holds for a user, and where each value came from', [
    'npm run cli -- policies effective alice',
    'npm run cli -- policies effective alice --project web --user-key <key id>',
  ])
    .argument('<user>', 'name or id')
    .option('--user-key <id>', 'as for this key of his')
    .option('--project <id>', 'as for a request for this project')
    .action(async (user: string, options: { userKey?: string; project?: string }, self: Command) => {
      const { client, print, printRows } = sessionOf(self);
      const { userKey: key, project } = options;
      const query = { ...(key !== undefined && { key }), ...(project !== undefined && { project }) };
      const reply = await client.call('GET', '/users/{user}/effective-policy', { path: { user }, query });
      if (self.optsWithGlobals().json === true) print(reply, '');
      else printRows(reply.values, VALUE_COLUMNS);
    });
}

/** A key may stand here besides what quota knows. */
function policyScope(whose: string): string {
  return whose.startsWith('key:') ? whose : scopeOf(whose);
}

function termsOf({ models, networks, ruleSets, rateLimit, userRateLimit, isCachingAllowed }: Row): Terms {
  const set = { models, networks, ruleSets, rateLimit, userRateLimit, isCachingAllowed };
  return Object.fromEntries(Object.entries(set).filter(([, value]) => value !== undefined)) as Terms;
}

function termsIn(options: SetOptions, before: Row): Terms {
  const { model, network, rules, cache } = options;
  const all = [options.rate, options.tokens, options.concurrent] as const;
  const each = [options.userRate, options.userTokens, options.userConcurrent] as const;
  if (cache !== undefined && cache !== 'on' && cache !== 'off')
    throw new CliError('--cache takes on or off', 2);
  return {
    ...(model !== undefined && { models: model }),
    ...(network !== undefined && { networks: network }),
    ...(rules !== undefined && { ruleSets: rules }),
    ...(all.some((text) => text !== undefined) && { rateLimit: rateIn(all, before.rateLimit) }),
    ...(each.some((text) => text !== undefined) && { userRateLimit: rateIn(each, before.userRateLimit) }),
    ...(cache !== undefined && { isCachingAllowed: cache === 'on' }),
  };
}

function rateIn(given: readonly (string | undefined)[], before: unknown) {
  const [requestsPerMinute, tokensPerMinute, concurrentRequests] = given.map((text) => {
    if (text === undefined) return undefined;
    if (!/^[0-9]{1,12}$/.test(text)) throw new CliError('a rate is a whole number; 0 is no bound', 2);
    return Number(text);
  });
  return {
    ...Object(before),
    ...(requestsPerMinute !== undefined && { requestsPerMinute }),
    ...(tokensPerMinute !== undefined && { tokensPerMinute }),
    ...(concurrentRequests !== undefined && { concurrentRequests }),
  };
}

function rateText(limit: unknown): string {
  const { requestsPerMinute, tokensPerMinute, concurrentRequests } = Object(limit);
  return [
    requestsPerMinute ? `${requestsPerMinute} a minute` : '',
    tokensPerMinute ? `${tokensPerMinute} tokens a minute` : '',
    concurrentRequests ? `${concurrentRequests} at once` : '',
  ]
    .filter((part) => part !== '')
    .join(', ');
}

function listOr(values: unknown, none: string): string {
  if (!Array.isArray(values)) return '';
  return values.length === 0 ? none : list(values);
}

function sourcesOf({ sources }: Row): readonly { readonly scope: string; readonly value: unknown }[] {
  return Array.isArray(sources) ? sources : [];
}
