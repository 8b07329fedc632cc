import { QuotaLedgerDefinition } from '@ai-switch/contracts';
import { type Database, openDatabase } from '@ai-switch/db';
import { databases, transports } from '@ai-switch/testkit';
import { sql } from 'kysely';
import { Ledger } from '../src/ledger.ts';
import { type LedgerSchema, migrations } from '../src/schema.ts';
import { silentLogger, TurnableClock } from './harness.ts';
import { expectInvariants } from './invariants.ts';
import { describeLedger } from './ledger.spec.ts';
import { openWorld, otherTenant } from './world.ts';

const TABLES = ['bucket', 'balance', 'reservation', 'entry', 'funding_order', 'policy'] as const;

for (const kind of databases) {
  for (const transport of kind.name === 'sqlite' ? transports : transports.filter(isOwnOrRemote)) {
    describeLedger(`the ledger, ${transport.name}, on ${kind.name}`, async () => {
      const fresh = await kind.create();
      const database = await openDatabase<LedgerSchema>({
        url: fresh.url,
        schema: 'quota_ledger',
        migrations,
      });
      let companies = 0;
      return {
        newWorld: async () => {
          companies += 1;
          const tenant = `company_${companies}`;
          const clock = new TurnableClock();
          const { breakable, breakNext } = breakableOf(database);
          const ledger = new Ledger({ database: breakable, clock, logger: silentLogger });
          const { port, close } = await transport.open(QuotaLedgerDefinition, ledger);
          const world = openWorld({
            tenant,
            ledger: port,
            clock,
            breakNext,
            sweep: async () => {
              while ((await ledger.expireDueHolds()) > 0);
            },
            dump: async () => {
              const rows: unknown[] = [];
              for (const table of TABLES) {
                const found = await sql`
                  select * from ${sql.table(table)} where tenant in (${tenant}, ${otherTenant(tenant)})
                `.execute(database.kysely);
                rows.push(
                  ...found.rows
                    .filter(isEffect)
                    .map((row) => JSON.stringify(row, asText))
                    .sort(),
                );
              }
              return rows;
            },
          });
          return {
            world,
            close: async () => {
              await close();
              await ledger.drain();
            },
          };
        },
        close: async () => {
          await database.close();
          await expectInvariants(fresh.url);
          await fresh.drop();
        },
      };
    });
  }
}

function breakableOf(database: Database<LedgerSchema>) {
  let broken: 'beforeCommit' | 'afterCommit' | undefined;
  const breakable: Database<LedgerSchema> = {
    ...database,
    transaction: async (work) => {
      const moment = broken;
      broken = undefined;
      const result = await database.transaction(async (trx) => {
        const made = await work(trx);
        if (moment === 'beforeCommit') throw new Error('the database is gone');
        return made;
      });
      if (moment === 'afterCommit') throw new Error('the database is gone');
      return result;
    },
  };
  const breakNext = (moment: 'beforeCommit' | 'afterCommit') => {
    broken = moment;
  };
  return { breakable, breakNext };
}

/** Nothing of a database depends on the way there: the other transports were proved on the faster one. */
function isOwnOrRemote({ name }: { readonly name: string }): boolean {
  return name === 'loopback' || name === 'grpc';
}

/** A bucket that everybody has may be made by a look; that it stands at nothing, without limits, is none. */
function isEffect(row: unknown): boolean {
  const values = Object.entries(row as Readonly<Record<string, unknown>>);
  const isImplied = values.some(
    ([name, value]) => name === 'bucket' && /^(personal:|platform$)/.test(String(value)),
  );
  const counts = values.filter(([name]) => /^(used|held|overrun|limit|open|closed|note)/.test(name));
  return !isImplied || counts.some(([, value]) => value !== 0n && value !== null && value !== '');
}

function asText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
