// An audit-consumer for tests that kill it. Arguments: the database, the broker, the group.

import { createLogger } from '@ai-switch/telemetry';
import { openAuditLog } from '../src/index.ts';

const [databaseUrl = '', broker = '', group = ''] = process.argv.slice(2);
const logger = createLogger({ service: 'audit-consumer', level: 'error' });
await openAuditLog({ databaseUrl, logger, kafka: { brokers: [broker], replication: 1, group, logger } });
process.stdout.write('open\n');
