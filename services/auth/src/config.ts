import { readFileSync } from 'node:fs';
import { kafkaSettings } from '@ai-switch/event-log';
import { ConfigError, choiceSetting, textSetting } from '@ai-switch/kernel';
import { redisUrlSetting } from '@ai-switch/redis';
import { serviceAddressSetting, tlsSettings } from '@ai-switch/rpc';
import { LOG_LEVELS } from '@ai-switch/telemetry';
import { upstreamNetworksSetting } from '@ai-switch/upstream';

export const settings = {
  AISWITCH_AUTH_LISTEN: textSetting({
    describe: 'Where the Auth port listens.',
    fallback: '127.0.0.1:7101',
    pattern: /^\S+:[0-9]{1,5}$/,
    accepts: 'host:port; port 0 takes a free one',
  }),
  AISWITCH_AUTH_DATABASE_URL: textSetting({
    describe: 'The database that belongs to auth alone.',
    pattern: /^(sqlite:.|postgres(ql)?:\/\/.)/,
    accepts: 'sqlite:<file> or postgres://…',
  }),
  AISWITCH_AUTH_PEPPER_FILE: textSetting({
    describe:
      'A file with a secret of 32 characters or more that key digests are made with. Changing it ends all keys.',
    fallback: '',
    accepts: 'a path, or nothing for digests without a pepper',
  }),
  AISWITCH_AUTH_SECRET_FILE: textSetting({
    describe:
      'A file of exactly 32 random bytes that seals the client secrets of identity providers. Without it none can be kept.',
    fallback: '',
    accepts: 'a path, or nothing',
  }),
  AISWITCH_REDIS_URL: redisUrlSetting(),
  AISWITCH_UPSTREAM_NETWORKS: upstreamNetworksSetting('none'),
  AISWITCH_AUDIT_ADDRESS: serviceAddressSetting('audit-consumer', ''),
  ...kafkaSettings,
  ...tlsSettings,
  AISWITCH_AUTH_LOG_LEVEL: choiceSetting({
    describe: 'The least severe log lines that are written.',
    fallback: 'info',
    choices: LOG_LEVELS,
  }),
};

/** The pepper in the file, without the line's end. */
export function readPepper(path: string): { readonly pepper?: string } {
  if (path === '') return {};
  try {
    return { pepper: readFileSync(path, 'utf8').trim() };
  } catch (cause) {
    throw new ConfigError(`AISWITCH_AUTH_PEPPER_FILE names a file that cannot be read: ${path}`, { cause });
  }
}

const SECRET_BYTES = 32;

/** The secret in the file. @throws ConfigError of one line */
export function readSecret(path: string): { readonly secret?: Buffer } {
  if (path === '') return {};
  let secret: Buffer;
  try {
    secret = readFileSync(path);
  } catch (cause) {
    throw new ConfigError(`AISWITCH_AUTH_SECRET_FILE names a file that cannot be read: ${path}`, { cause });
  }
  if (secret.length !== SECRET_BYTES || secret.every((byte) => byte === secret[0])) {
    throw new ConfigError(
      `AISWITCH_AUTH_SECRET_FILE must hold exactly ${SECRET_BYTES} random bytes: make it with \`head -c 32 /dev/urandom\``,
    );
  }
  return { secret };
}
