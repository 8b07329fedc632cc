import type { Command } from 'commander';
import { METERED_TYPES } from '../../quota/metered-types.ts';
import type { Row } from '../client.ts';
import { command, sessionOf } from '../command-line.ts';
import type { Columns } from '../output.ts';
import { amountText, TYPE_WORDS } from './limits.ts';
import { bucketOf, scopeOf, userOf } from './targets.ts';
import { utcOption, type Zone, type ZoneOptions, zoneOf } from './times.ts';

interface SubjectOptions extends ZoneOptions {
  readonly project?: string;
  readonly model?: string;
  readonly department?: string;
}

export function showCommand(): Command {
  return command('show', 'show what a user may still spend, or how one bucket stands', [
    'npm run cli -- quotas show alice',
    'npm run cli -- quotas show alice --project web --model gpt-5',
    'npm run -s cli -- quotas show project:web --json',
  ])
    .argument('<whose>', 'user; or a bucket as `quotas list` shows it')
    .option('--project <id>', 'as for a key that is bound to this project')
    .option('--model <name>', 'as for a request to this model')
    .option('--department <ids>', "in place of the user's own: from the top down, separated by commas")
    .addOption(utcOption())
    .action(async (target: string, options: SubjectOptions, self: Command) => {
      const session = sessionOf(self);
      const user = userOf(target);
      const isJson = self.optsWithGlobals().json === true;
      const { project, model, department } = options;
      const query = {
        ...(project !== undefined && { project }),
        ...(model !== undefined && { model }),
        ...(department !== undefined && { department }),
      };
      const reply: Row =
        user === undefined
          ? await session.client.call('GET', '/buckets/{bucket}', { path: { bucket: bucketOf(target) } })
          : await session.client.call('GET', '/quotas/{user}', { path: { user }, query });
      if (isJson) session.print(reply, '');
      else
        session.printRows(rowsOf(user === undefined ? [reply] : planOf(reply)), columnsIn(zoneOf(options)));
    });
}

export function listCommand(): Command {
  return command('list', 'show every bucket, and what each user has of his own', [
    'npm run cli -- quotas list',
    'npm run cli -- quotas list --scope project:web',
  ])
    .option('--scope <whose>', 'only what concerns this user, project, department, model or the company')
    .addOption(utcOption())
    .action(async (options: ZoneOptions & { readonly scope?: string }, self: Command) => {
      const { client, printRows } = sessionOf(self);
      const { scope } = options;
      const buckets: readonly Row[] =
        scope === undefined
          ? [
              ...(await client.list('/quotas')),
              ...(await client.list('/buckets')).filter(({ tier }) => tier !== 'personal'),
            ]
          : await client.list('/buckets', { query: { scope: scopeOf(scope) } });
      const isJson = self.optsWithGlobals().json === true;
      printRows(isJson ? buckets : rowsOf(buckets), columnsIn(zoneOf(options)));
    });
}

/** The buckets that a request of the user touches, numbered as they pay. */
function planOf({ name, userId, buckets }: Row): readonly Row[] {
  const plan = Array.isArray(buckets) ? (buckets as readonly Row[]) : [];
  return plan.map((each, index) => ({
    ...each,
    ...(each.bucket === `personal:${userId}` && { name }),
    role: roleOf(each.tier) === 'pays' ? `pays ${index + 1}` : roleOf(each.tier),
  }));
}

/** What a bucket does to a request. */
export function roleOf(tier: unknown): string {
  if (tier === 'cap') return 'bounds';
  return tier === 'platform' ? 'counts' : 'pays';
}

function columnsIn({ show }: Zone): Columns {
  return {
    BUCKET: (row) => row.bucket,
    ROLE: (row) => row.role,
    TYPE: (row) => row.type,
    LIMIT: (row) => row.limit,
    USED: (row) => amountText(row.used),
    HELD: (row) => amountText(row.held),
    LEFT: (row) => amountText(row.left),
    OVERRUN: (row) => amountText(row.overrun),
    PERIOD: (row) => row.period,
    ENDS: (row) => endOf(row, show),
  };
}

function endOf({ closedAt, validUntil, endsAt }: Row, show: Zone['show']): string {
  if (closedAt !== undefined) return `closed ${show(closedAt)}`;
  return show(validUntil ?? endsAt);
}

/** A row for each type that is limited or was used, for the type is what a limit is for. */
function rowsOf(buckets: readonly Row[]): readonly Row[] {
  return buckets.flatMap((bucket) => {
    const balance = (bucket.balance ?? {}) as Row;
    const about = {
      bucket: nameOf(bucket),
      role: bucket.role ?? roleOf(bucket.tier),
      closedAt: bucket.closedAt,
      validUntil: bucket.validUntil,
      endsAt: balance.endsAt,
      period: balance.period ?? bucket.period,
    };
    const shown = METERED_TYPES.filter((type) => isShown(bucket, balance, type));
    if (shown.length === 0) return [{ ...about, type: 'all', limit: limitText(bucket, 'all') }];
    return shown.map((type) => ({
      ...about,
      type: TYPE_WORDS[type],
      limit: limitText(bucket, type),
      used: at(balance.used, type),
      held: at(balance.held, type),
      left: at(balance.remaining, type),
      overrun: at(balance.overrun, type),
    }));
  });
}

/** What a grant does not name, it does not give. */
function limitText({ limits, tier }: Row, type: string): string {
  const limit = at(limits, type);
  if (limit !== undefined) return amountText(limit);
  return tier === 'supplementary' ? '0' : 'unlimited';
}

/** People know a user by his name. */
function nameOf({ bucket, name }: Row): unknown {
  return name === undefined ? bucket : `personal:${name}`;
}

function isShown({ limits }: Row, { used, held }: Row, type: string): boolean {
  const isSome = (amount: unknown) => amount !== undefined && amount !== 0 && amount !== '0';
  return at(limits, type) !== undefined || isSome(at(used, type)) || isSome(at(held, type));
}

function at(amounts: unknown, type: string): unknown {
  return (amounts as Row | undefined)?.[type];
}
