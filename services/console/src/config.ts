import { forwardedHeaderSetting, trustedProxiesSetting } from '@ai-switch/guard';
import { choiceSetting, textSetting } from '@ai-switch/kernel';
import { redisUrlSetting } from '@ai-switch/redis';
import { serviceAddressSetting, tlsSettings } from '@ai-switch/rpc';
import { LOG_LEVELS } from '@ai-switch/telemetry';
import { upstreamNetworksSetting } from '@ai-switch/upstream';

/** For the server in front of the admin API: node:http's own bounds. */
export const serverOptions = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 30_000,
  // An import of ten thousand users over a slow line.
  requestTimeout: 120_000,
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 5_000,
} as const;

export const settings = {
  AISWITCH_CONSOLE_LISTEN: textSetting({
    describe: 'Where the admin API is reached. It is plain HTTP: put what ends TLS in front of it.',
    fallback: '127.0.0.1:8090',
    pattern: /^[^\s]+:\d{1,5}$/,
    accepts: 'host:port; port 0 takes a free one',
  }),
  AISWITCH_AUTH_ADDRESS: serviceAddressSetting('auth'),
  AISWITCH_LEDGER_ADDRESS: serviceAddressSetting('quota-ledger'),
  AISWITCH_ROUTER_ADDRESS: serviceAddressSetting('router'),
  AISWITCH_AUDIT_ADDRESS: serviceAddressSetting('audit-consumer'),
  ...tlsSettings,
  AISWITCH_REDIS_URL: redisUrlSetting(),
  AISWITCH_PUBLIC_URL: textSetting({
    describe:
      'Where browsers see this gateway when something stands before it; identity providers send them back there.',
    fallback: '',
    pattern: /^(https?:\/\/[A-Za-z0-9.:[\]-]{1,253})?$/,
    accepts: 'https://ai.example.com',
  }),
  AISWITCH_TRUSTED_PROXIES: trustedProxiesSetting(),
  AISWITCH_FORWARDED_HEADER: forwardedHeaderSetting(),
  AISWITCH_UPSTREAM_NETWORKS: upstreamNetworksSetting('none'),
  AISWITCH_CONSOLE_LOG_LEVEL: choiceSetting({
    describe: 'The least severe log lines that are written.',
    fallback: 'info',
    choices: LOG_LEVELS,
  }),
};
