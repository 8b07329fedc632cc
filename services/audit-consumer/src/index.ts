export { type AuditLogOptions, type OpenAuditLog, openAuditLog } from './open-audit-log.ts';
