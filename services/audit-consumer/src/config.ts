import { kafkaSettings } from '@ai-switch/event-log';
import { choiceSetting, integerSetting, textSetting } from '@ai-switch/kernel';
import { tlsSettings } from '@ai-switch/rpc';
import { LOG_LEVELS } from '@ai-switch/telemetry';
import { RETENTION_DAYS } from './open-audit-log.ts';

/** What the audit log reads as a process of its own. */
export const settings = {
  AISWITCH_AUDIT_LISTEN: textSetting({
    describe: 'Where the audit log serves its port over gRPC.',
    accepts: 'host:port',
    pattern: /^[^\s:]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/,
    fallback: '127.0.0.1:7104',
  }),
  AISWITCH_AUDIT_DATABASE_URL: textSetting({
    describe: 'The database of the audit log alone.',
    accepts: 'sqlite:<file> or postgres://…',
    pattern: /^(sqlite:|postgres(ql)?:\/\/)./,
  }),
  AISWITCH_AUDIT_RETENTION_DAYS: integerSetting({
    describe: 'Days after which access records and audit events are deleted.',
    min: 1,
    max: 3_650,
    fallback: RETENTION_DAYS,
  }),
  AISWITCH_AUDIT_SIGNING_KEY_FILE: textSetting({
    describe:
      'The Ed25519 private key in PEM that vouches for the audit trail; the public keys of those before it may follow. Without it nothing is signed.',
    accepts: 'a path',
    fallback: '',
  }),
  AISWITCH_AUDIT_ROOTS_PATH: textSetting({
    describe: 'A folder that gets each signed root as a file, for whoever carries them elsewhere.',
    accepts: 'a path',
    fallback: '',
  }),
  ...kafkaSettings,
  ...tlsSettings,
  AISWITCH_AUDIT_LOG_LEVEL: choiceSetting({
    describe: 'The least severe line that is logged.',
    choices: LOG_LEVELS,
    fallback: 'info',
  }),
};
