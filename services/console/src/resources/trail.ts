import { type AuditLog, GetCompletenessRequest } from '@ai-switch/contracts';
import type { Handlers } from '../handler.ts';
import { pageIn, pageReply } from '../read-input.ts';
import type { TrailRoutes } from '../routes/trail-routes.ts';

/** The trail is of the whole installation: it has no company. */
export const trail = (auditLog: AuditLog): Handlers<TrailRoutes> => ({
  listTrailLogs: async ({ query }) => {
    const page = await auditLog.getCompleteness(GetCompletenessRequest.create({ page: pageIn(query) }));
    const logs = page.logs.map((log) => ({ ...log, ...signedOf(log) }));
    const { body } = pageReply(logs, page.nextAfter);
    return { body: { ...body, unread: page.unread, ...signedOf(page) } };
  },

  readTrail: async ({ query: { producer, epoch, after = 0n, limit = 0 } }) => {
    const found = await auditLog.readTrail({ producer, epoch, afterSequence: after, limit });
    const records = found.records.map(({ sequence, type, data, chain }) => ({
      ...{ sequence, type, data },
      chain: hexOf(chain),
    }));
    return { body: { records, base: { sequence: found.baseSequence, chain: hexOf(found.baseChain) } } };
  },

  listRoots: async ({ query: { after = 0n, limit = 0 } }) => {
    const { roots, publicKey } = await auditLog.listRoots({ afterNumber: after, limit });
    return { body: { roots: roots.map((root) => ({ ...root, ...signedOf(root) })), publicKey } };
  },
});

function signedOf({ statement, signature }: { readonly statement: string; readonly signature: Uint8Array }) {
  return { statement, signature: Buffer.from(signature).toString('base64') };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
