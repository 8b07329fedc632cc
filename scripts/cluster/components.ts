import { randomBytes } from 'node:crypto';
import { COMPONENT_NAMES, type Component, lookInto, startComponent } from '@ai-switch/testkit';
import { type RawBuilder, sql } from 'kysely';
import { givenAddresses } from '../services/config.ts';
import { readState } from '../services/state.ts';
import type { ClusterComponents } from './cluster.ts';

export interface OpenComponents extends AsyncDisposable, ClusterComponents {
  /** A line for each: what it is and where it came from. */
  readonly sources: readonly string[];
}

/** PostgreSQL with a database of its own, Redis and Kafka: those that run, or that this machine can get. */
export async function openComponents(): Promise<OpenComponents> {
  const given = givenAddresses();
  const running = readState()?.components ?? [];
  const opened: Component[] = [];
  const stop = async () => {
    await Promise.all(opened.map((component) => component.stop()));
  };
  try {
    for (const name of COMPONENT_NAMES) {
      const address = running.find((component) => component.name === name)?.address;
      opened.push(await startComponent(name, given[name] || (address ?? '')));
    }
    const [postgres = '', redis = '', kafka = ''] = opened.map(({ address }) => address);
    const fresh = await freshDatabase(postgres);
    return {
      postgres: fresh.url,
      redis,
      kafka,
      sources: opened.map(({ name, source }) => `${name}: ${source}`),
      [Symbol.asyncDispose]: async () => {
        await fresh.drop().catch(() => {});
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A database of its own on a server that may hold others. */
async function freshDatabase(server: string): Promise<{ readonly url: string; drop(): Promise<void> }> {
  const name = `aiswitch_cluster_${randomBytes(4).toString('hex')}`;
  const onServer = <Row>(statement: RawBuilder<Row>) =>
    lookInto({ url: server, schema: 'public', migrations: [] }, ({ kysely }) => statement.execute(kysely));
  const { rows: roles } = await onServer(
    sql<{ isSuper: boolean }>`select rolsuper as "isSuper" from pg_roles where rolname = current_user`,
  );
  const url = new URL(server);
  url.pathname = `/${name}`;
  // Row-level security bounds no superuser.
  const hasRole = roles[0]?.isSuper === true;
  if (hasRole) {
    [url.username, url.password] = [name, randomBytes(16).toString('hex')];
    await onServer(sql.raw(`create role ${name} login password '${url.password}'`));
  }
  await onServer(sql.raw(`create database ${name}${hasRole ? ` owner ${name}` : ''}`));
  const drop = async () => {
    await onServer(sql.raw(`drop database ${name} with (force)`));
    if (hasRole) await onServer(sql.raw(`drop role ${name}`));
  };
  return { url: url.href, drop };
}
