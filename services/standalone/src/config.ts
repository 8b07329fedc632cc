import { forwardedHeaderSetting, trustedProxiesSetting } from '@ai-switch/guard';
import { choiceSetting, integerSetting, textSetting } from '@ai-switch/kernel';
import { LOG_LEVELS } from '@ai-switch/telemetry';
import { PROVIDER_KINDS, upstreamNetworksSetting } from '@ai-switch/upstream';

export const settings = {
  AISWITCH_HOST: textSetting({
    describe:
      'The address to listen on. Only this machine reaches 127.0.0.1; 0.0.0.0 is open to the network.',
    fallback: '127.0.0.1',
    pattern: /^[A-Za-z0-9.:-]{1,253}$/,
    accepts: 'a host name or an address',
  }),
  AISWITCH_PORT: integerSetting({
    describe: 'The port to listen on; 0 takes a free one.',
    fallback: 8787,
    min: 0,
    max: 65_535,
  }),
  AISWITCH_DATA: textSetting({
    describe: 'The folder for the databases and the master key, from the folder that this is started in.',
    fallback: './data',
    accepts: 'a path',
  }),
  AISWITCH_DATABASE_URL: textSetting({
    describe: 'A PostgreSQL database in place of the SQLite files; each service has its own schema in it.',
    fallback: '',
    pattern: /^postgres(ql)?:\/\/./,
    accepts: 'postgres://user:password@host:port/database',
  }),
  AISWITCH_DISCOVER_LOCAL: choiceSetting({
    describe: 'Whether to look for Ollama, vLLM, SGLang and LM Studio on this machine at start.',
    fallback: 'on',
    choices: ['on', 'off'],
  }),
  AISWITCH_PUBLIC_URL: textSetting({
    describe:
      'Where browsers see this gateway when something stands before it; identity providers send them back there.',
    fallback: '',
    pattern: /^https?:\/\/[A-Za-z0-9.:[\]-]{1,253}$/,
    accepts: 'https://ai.example.com',
  }),
  AISWITCH_TRUSTED_PROXIES: trustedProxiesSetting(),
  AISWITCH_FORWARDED_HEADER: forwardedHeaderSetting(),
  AISWITCH_UPSTREAM_NETWORKS: upstreamNetworksSetting(
    '127.0.0.0/8,::1,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7',
  ),
  AISWITCH_LOG_LEVEL: choiceSetting({
    describe: 'The least severe log lines that are written, to stderr.',
    fallback: 'warn',
    choices: LOG_LEVELS,
  }),
};

/** The keys of providers that people already have in their environment, by the kind of the provider. */
export function readProviderKeys(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ReadonlyMap<string, string> {
  const keys = new Map<string, string>();
  for (const { kind, environmentKey } of PROVIDER_KINDS) {
    const key = environmentKey === undefined ? undefined : environment[environmentKey]?.trim();
    if (key) keys.set(kind, key);
  }
  return keys;
}
