import { existsSync } from 'node:fs';
import { migrations as auditMigrations } from '@ai-switch/audit-consumer';
import { migrations as authMigrations } from '@ai-switch/auth';
import type { MovedDatabase } from '@ai-switch/db';
import { ConfigError } from '@ai-switch/kernel';
import { migrations as ledgerMigrations } from '@ai-switch/quota-ledger';
import { migrations as routerMigrations } from '@ai-switch/router';
import type { DataFolder } from '../data-folder.ts';

/** The last record of each log with the chain that it ends, wherever the record is kept. */
const CHAIN_HEADS = `
  select logs.producer, logs.epoch, logs.last_sequence, records.chain from producer_logs logs
  join (
    select producer, epoch, sequence, chain from access_records
    union all select producer, epoch, sequence, chain from audit_events
    union all select producer, epoch, sequence, chain from unread_records
  ) records on records.producer = logs.producer and records.epoch = logs.epoch and records.sequence = logs.last_sequence`;

const RESERVATIONS = 'select tenant, state, count(*) as reservations from reservation group by tenant, state';

/** Every database of the standalone, as `standalone.ts` opens them. @throws ConfigError when one is not there */
export function movedDatabases(folder: Pick<DataFolder, 'databaseUrl'>): readonly MovedDatabase[] {
  const databases = serviceDatabases((service) => folder.databaseUrl(service));
  for (const { from } of databases) {
    const file = from.slice('sqlite:'.length);
    if (existsSync(file)) continue;
    throw new ConfigError(`there is no ${file}: name the folder that the standalone keeps its data in`);
  }
  return databases;
}

export function serviceDatabases(urlOf: (service: string) => string): readonly MovedDatabase[] {
  return [
    { schema: 'auth', from: urlOf('auth'), migrations: authMigrations, proofs: {} },
    { schema: 'router', from: urlOf('router'), migrations: routerMigrations, proofs: {} },
    {
      schema: 'quota_ledger',
      from: urlOf('quota-ledger'),
      migrations: ledgerMigrations,
      proofs: { 'reservations by state': RESERVATIONS },
    },
    {
      schema: 'audit',
      from: urlOf('audit'),
      migrations: auditMigrations,
      proofs: { 'chain heads': CHAIN_HEADS },
    },
  ];
}
