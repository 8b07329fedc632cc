import { kafkaSettings } from '@ai-switch/event-log';
import { choiceSetting, textSetting } from '@ai-switch/kernel';
import { serviceAddressSetting, tlsSettings } from '@ai-switch/rpc';
import { LOG_LEVELS } from '@ai-switch/telemetry';
import { upstreamNetworksSetting } from '@ai-switch/upstream';

/** What the router reads as a process of its own. */
export const settings = {
  AISWITCH_ROUTER_LISTEN: textSetting({
    describe: 'Where the router serves its port over gRPC.',
    accepts: 'host:port',
    pattern: /^[^\s:]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/,
    fallback: '127.0.0.1:7103',
  }),
  AISWITCH_ROUTER_DATABASE_URL: textSetting({
    describe: 'The database of the router alone.',
    accepts: 'sqlite:<file> or postgres://…',
    pattern: /^(sqlite:|postgres(ql)?:\/\/)./,
  }),
  AISWITCH_MASTER_KEY_FILE: textSetting({
    describe:
      'The file of 32 random bytes, readable by its owner only, that seals the providers’ credentials.',
    accepts: 'a path',
  }),
  AISWITCH_OTHER_MASTER_KEY_FILES: textSetting({
    describe:
      'Files of further master keys, which open what they sealed and seal nothing new: earlier ones, and the next one before ' +
      'every router has it.',
    accepts: 'paths with commas between',
    fallback: '',
  }),
  AISWITCH_UPSTREAM_NETWORKS: upstreamNetworksSetting('none'),
  AISWITCH_AUDIT_ADDRESS: serviceAddressSetting('audit-consumer', ''),
  ...kafkaSettings,
  ...tlsSettings,
  AISWITCH_ROUTER_LOG_LEVEL: choiceSetting({
    describe: 'The least severe line that is logged.',
    choices: LOG_LEVELS,
    fallback: 'info',
  }),
};
