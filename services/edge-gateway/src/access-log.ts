import type { AccessRecord, AuditLog } from '@ai-switch/contracts';
import type { Logger } from '@ai-switch/telemetry';
import type { EdgeSettings } from './config.ts';
import { LogBatch } from './log-batch.ts';

/** One access record for each request whose caller is known. */
export class AccessLog extends LogBatch<AccessRecord> {
  constructor(auditLog: AuditLog, logger: Logger, settings: EdgeSettings) {
    super('access records', (records) => auditLog.appendAccess({ records }), logger, settings);
  }
}
