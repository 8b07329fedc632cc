import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import type { Row } from '../client.ts';
import { command, type Session, sessionOf } from '../command-line.ts';
import { list } from '../output.ts';
import { scopeOf } from './targets.ts';

const AT_SCOPE = '/funding-orders/{scope}';
const TIERS = ['personal', 'project', 'supplementary'] as const;

const COLUMNS = {
  SCOPE: (row: Row) => row.scope,
  'PAYS IN THIS ORDER': (row: Row) => list(row.tiers),
};

export function orderCommand(): Command {
  return command('order', 'show or set which tier pays first; a tier that is left out does not pay', [
    'npm run cli -- quotas order',
    'npm run cli -- quotas order supplementary,personal,project',
    'npm run cli -- quotas order project:web project,personal',
    'npm run cli -- quotas order alice --remove',
  ])
    .argument('[scope]', 'company (unless said otherwise), department:<id>, project:<id> or a user')
    .argument('[tiers]', 'personal, project and supplementary, separated by commas')
    .option('--remove', 'take the order of this scope away')
    .action(
      async (
        first: string | undefined,
        second: string | undefined,
        { remove: isRemoved = false }: { remove?: boolean },
        self: Command,
      ) => {
        const session = sessionOf(self);
        const isOnlyTiers = first !== undefined && second === undefined && areTiers(first);
        const scope = isOnlyTiers || first === undefined ? 'company' : scopeOf(first);
        const tiers = isOnlyTiers ? first : second;
        if (tiers !== undefined) await put(session, scope, tiers, isRemoved);
        else if (isRemoved) await remove(session, scope, first);
        else await show(session, first === undefined ? undefined : scope);
      },
    );
}

async function put(
  { client, print }: Session,
  scope: string,
  tiers: string,
  isRemoved: boolean,
): Promise<void> {
  if (isRemoved) throw new CliError('--remove goes without tiers', 2);
  if (!areTiers(tiers)) throw new CliError('tiers are personal, project and supplementary, with commas', 2);
  const order = await client.call('PUT', AT_SCOPE, {
    path: { scope },
    body: { tiers: tiers.split(',').filter(isTier) },
  });
  print(order, `${order.scope}: ${list(order.tiers)}`);
}

async function remove({ client, print }: Session, scope: string, given: string | undefined): Promise<void> {
  if (given === undefined) throw new CliError('say whose order is to be removed, like `company`', 2);
  print(await client.call('DELETE', AT_SCOPE, { path: { scope } }), `removed the order of ${scope}`);
}

async function show({ client, printRows }: Session, scope: string | undefined): Promise<void> {
  const rows =
    scope === undefined
      ? await client.list('/funding-orders')
      : [await client.call('GET', AT_SCOPE, { path: { scope } })];
  printRows(rows, COLUMNS);
}

function areTiers(text: string): boolean {
  return text.split(',').every(isTier);
}

function isTier(text: string): text is (typeof TIERS)[number] {
  return TIERS.some((tier) => tier === text);
}
