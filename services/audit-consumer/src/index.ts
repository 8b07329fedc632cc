export { migrations } from './migrations/index.ts';
export { type AuditLogOptions, type OpenAuditLog, openAuditLog } from './open-audit-log.ts';
export { openSigningKey } from './signing-key.ts';
