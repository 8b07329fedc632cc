export { type AuditLogOptions, type OpenAuditLog, openAuditLog } from './audit-log.ts';
