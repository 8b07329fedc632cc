import type { TrailSource } from '@ai-switch/event-log';
import type { Client } from '../client.ts';

/** The trail as the gateway answers it. */
export function sourceOf(client: Client): TrailSource {
  return {
    completeness: async ({ after, limit }) => {
      const query = { limit, ...(after !== '' && { after }) };
      const {
        items,
        nextAfter = '',
        statement,
        signature,
      } = await client.call('GET', '/audit-trail/logs', {
        query,
      });
      const logs = items.map((log) => ({ ...log, epoch: Number(log.epoch) }));
      return { logs, nextAfter, head: { statement, signature } };
    },
    trail: async (producer, epoch, after, limit) => {
      const query = { producer, epoch, after, limit };
      const { records, base } = await client.call('GET', '/audit-trail/records', { query });
      return {
        records: records.map((record) => ({ ...record, sequence: Number(record.sequence) })),
        base: { ...base, sequence: Number(base.sequence) },
      };
    },
    roots: async (after, limit) => {
      const found = await client.call('GET', '/audit-trail/roots', { query: { after, limit } });
      const roots = found.roots.map((root) => ({
        ...root,
        number: Number(root.number),
        atMs: Number(root.atMs),
      }));
      return { roots, publicKey: found.publicKey };
    },
  };
}
