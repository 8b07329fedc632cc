import type { Resource } from '../handler.ts';
import { pageOf, pageQuery, pageReply } from '../read-input.ts';

export const auditEvents: Resource<'audit-events'> = ({ auditLog }) => ({
  'GET /audit-events': async ({ caller: { tenant }, query }) => {
    const { events, nextAfter } = await auditLog.listEvents({ tenant, page: pageOf(query(pageQuery)) });
    return pageReply(events, nextAfter);
  },
});
