import type { Migration } from '@ai-switch/db';
import { accessRecordsAndAuditEvents } from './001-access-records-and-audit-events.ts';
import { trail } from './002-trail.ts';

export const migrations: readonly Migration[] = [accessRecordsAndAuditEvents, trail];
