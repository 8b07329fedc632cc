import { kafkaSettings } from '@ai-switch/event-log';
import { choiceSetting, integerSetting, textSetting } from '@ai-switch/kernel';
import { serviceAddressSetting, tlsSettings } from '@ai-switch/rpc';
import { LOG_LEVELS } from '@ai-switch/telemetry';

/** What the ledger reads from its environment as a process of its own. */
export const settings = {
  AISWITCH_LEDGER_LISTEN: textSetting({
    describe: 'Where it serves the QuotaLedger port over gRPC.',
    fallback: '127.0.0.1:7102',
    pattern: /^.+:[0-9]{1,5}$/,
    accepts: 'host:port, port 0 takes a free one',
  }),
  AISWITCH_LEDGER_DATABASE_URL: textSetting({
    describe: 'Its own database.',
    fallback: 'sqlite:./data/quota-ledger.sqlite',
    pattern: /^(sqlite:|postgres(ql)?:\/\/)/,
    accepts: 'sqlite:<file> or postgres://user:password@host:port/database',
  }),
  AISWITCH_LEDGER_SWEEP_INTERVAL_MS: integerSetting({
    describe: 'How often holds whose deadline has passed are ended.',
    fallback: 5_000,
    min: 100,
    max: 3_600_000,
  }),
  AISWITCH_AUDIT_ADDRESS: serviceAddressSetting('audit-consumer', ''),
  ...kafkaSettings,
  ...tlsSettings,
  AISWITCH_LEDGER_LOG_LEVEL: choiceSetting({
    describe: 'The least level that is logged.',
    fallback: 'info',
    choices: LOG_LEVELS,
  }),
};
