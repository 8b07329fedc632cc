import type { Resource } from '../handler.ts';
import { pageOf, pageQuery, pageReply, reference } from '../read-input.ts';
import { findUser } from './users.ts';

const accessQuery = pageQuery.extend({ user: reference.optional() });

export const accessLog: Resource<'access-log'> = ({ auth, auditLog }) => ({
  'GET /access-log': async ({ caller: { tenant }, query }) => {
    const { user, ...page } = query(accessQuery);
    const userId = user === undefined ? '' : (await findUser(auth, tenant, user)).userId;
    const { records, nextAfter } = await auditLog.listAccess({ tenant, userId, page: pageOf(page) });
    return pageReply(records, nextAfter);
  },
});
