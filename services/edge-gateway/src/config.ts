import { FULL_DISK_POLICIES, kafkaSettings } from '@ai-switch/event-log';
import { forwardedHeaderSetting, trustedProxiesSetting } from '@ai-switch/guard';
import { choiceSetting, integerSetting, textSetting } from '@ai-switch/kernel';
import { redisUrlSetting } from '@ai-switch/redis';
import { serviceAddressSetting, tlsSettings } from '@ai-switch/rpc';
import { LOG_LEVELS } from '@ai-switch/telemetry';
import { upstreamNetworksSetting } from '@ai-switch/upstream';

const MEBIBYTE = 1024 * 1024;

/** Every bound of the edge. Times are in milliseconds. */
export interface EdgeSettings {
  /** A request's body, before and after decoding. */
  readonly bodyBytesMax: number;
  /** That of a request for embeddings: texts alone, and no provider takes so many. */
  readonly embeddingsBodyBytesMax: number;
  /** A decoded body may be this many times the encoded one, once it is over a mebibyte. */
  readonly decodedRatioMax: number;
  /** After `uploadGraceMs` a body must have come at this rate or faster. */
  readonly uploadBytesPerSecondMin: number;
  readonly uploadGraceMs: number;
  /** A whole reply of a provider, and one frame of a stream. */
  readonly replyBytesMax: number;
  readonly frameBytesMax: number;
  /** A provider's error body; what is longer is not read. */
  readonly errorBytesMax: number;
  /** How long a hold lives unless a heartbeat keeps it. */
  readonly holdTtlMs: number;
  /** How often the holds of all streams are kept, with one call. */
  readonly heartbeatMs: number;
  /** How long close() waits for settlements that the ledger does not take; the spool keeps them for the next start. */
  readonly settleMs: number;
  /** A silent stream gets a keep-alive frame after this. */
  readonly keepAliveGapMs: number;
  /** The head of a stream is held back for the first good event no longer than this. */
  readonly silenceMs: number;
  /** Calls whose thoughts are kept for clients that cannot carry them, and the characters of all those thoughts. */
  readonly reasoningCallsMax: number;
  readonly reasoningCharactersMax: number;
  /** Items of Responses that are kept for clients that name them, and all their characters. */
  readonly itemsMax: number;
  readonly itemCharactersMax: number;
  /** What may wait for a slow client; more holds the provider back. */
  readonly clientBufferBytesMax: number;
  /** A client that stays over that for this long is dropped. */
  readonly clientStallMs: number;
  /** How often the shared timer looks at uploads and streams. */
  readonly tickMs: number;
  /** How long streams may go on after close() before they are ended. */
  readonly drainMs: number;
  /** How long the rules may look at one request, and at its answer. */
  readonly interceptBudgetMs: number;
  /** What may be held back of one answer until a tool call is whole. */
  readonly interceptHeldBytesMax: number;
  /** Texts that are known to hit nothing, of all callers. */
  readonly interceptCleanTextsMax: number;
  readonly upstreamConnectionsMax: number;
  readonly upstreamHeadersTimeoutMs: number;
  readonly upstreamIdleTimeoutMs: number;
}

export const edgeDefaults: EdgeSettings = {
  bodyBytesMax: 32 * MEBIBYTE,
  embeddingsBodyBytesMax: 8 * MEBIBYTE,
  decodedRatioMax: 100,
  uploadBytesPerSecondMin: 1_024,
  uploadGraceMs: 10_000,
  replyBytesMax: 32 * MEBIBYTE,
  frameBytesMax: 16 * MEBIBYTE,
  errorBytesMax: 256 * 1024,
  holdTtlMs: 60_000,
  heartbeatMs: 10_000,
  settleMs: 10_000,
  keepAliveGapMs: 15_000,
  silenceMs: 20_000,
  reasoningCallsMax: 50_000,
  reasoningCharactersMax: 64 * MEBIBYTE,
  itemsMax: 50_000,
  itemCharactersMax: 64 * MEBIBYTE,
  clientBufferBytesMax: MEBIBYTE,
  clientStallMs: 30_000,
  tickMs: 1_000,
  drainMs: 30_000,
  interceptBudgetMs: 50,
  interceptHeldBytesMax: 4 * MEBIBYTE,
  interceptCleanTextsMax: 100_000,
  upstreamConnectionsMax: 4_096,
  upstreamHeadersTimeoutMs: 600_000,
  upstreamIdleTimeoutMs: 300_000,
};

/** For the server in front of the edge: node:http's own bounds. A slow sender of headers is cut off by them. */
export const serverOptions = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 30_000,
  // The slowest upload that the rate above still allows is cut off here.
  requestTimeout: 600_000,
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 5_000,
  noDelay: true,
} as const;

export const settings = {
  AISWITCH_EDGE_LISTEN: textSetting({
    describe: 'Where clients reach the edge.',
    fallback: '0.0.0.0:8080',
    pattern: /^[^\s]+:\d{1,5}$/,
    accepts: 'host:port',
  }),
  AISWITCH_AUTH_ADDRESS: serviceAddressSetting('auth'),
  AISWITCH_LEDGER_ADDRESS: serviceAddressSetting('quota-ledger'),
  AISWITCH_ROUTER_ADDRESS: serviceAddressSetting('router'),
  AISWITCH_AUDIT_ADDRESS: serviceAddressSetting('audit-consumer'),
  AISWITCH_EDGE_SPOOL_PATH: textSetting({
    describe:
      'The folder where it writes what it is about to do with reservations, for the next process to end what this one ' +
      'began. One process uses it at a time.',
    fallback: './data/edge-spool',
    pattern: /^[^\0]+$/,
    accepts: 'a path',
  }),
  AISWITCH_EDGE_HOLD_TTL_MS: integerSetting({
    describe: 'How long a reservation lives that nobody keeps, in milliseconds.',
    fallback: edgeDefaults.holdTtlMs,
    min: 2_000,
    max: 86_400_000,
  }),
  AISWITCH_EDGE_HEARTBEAT_MS: integerSetting({
    describe:
      'How often the reservations of all streams are kept, in milliseconds; well below the time that they live.',
    fallback: edgeDefaults.heartbeatMs,
    min: 100,
    max: 3_600_000,
  }),
  AISWITCH_EDGE_FULL_DISK: choiceSetting({
    describe:
      'What happens while the disk of the spool is full and nothing takes the records: requests are refused, or go on without ' +
      'records, which are counted.',
    fallback: 'refuse',
    choices: FULL_DISK_POLICIES,
  }),
  AISWITCH_EDGE_LOG_BYTES_MAX: integerSetting({
    describe: 'How much of the disk the records may take that are not sent yet, in bytes.',
    fallback: 4_294_967_296,
    min: 1_048_576,
    max: 1_099_511_627_776,
  }),
  ...tlsSettings,
  ...kafkaSettings,
  AISWITCH_REDIS_URL: redisUrlSetting(),
  AISWITCH_EDGE_TRUSTED_PROXIES: trustedProxiesSetting(),
  AISWITCH_EDGE_FORWARDED_HEADER: forwardedHeaderSetting(),
  AISWITCH_EDGE_INTERCEPT_BUDGET_MS: integerSetting({
    describe:
      'How long interception rules may look at one request, and at its answer, in milliseconds. What a blocking rule could ' +
      'not look at in time is refused.',
    fallback: edgeDefaults.interceptBudgetMs,
    min: 1,
    max: 10_000,
  }),
  AISWITCH_UPSTREAM_NETWORKS: upstreamNetworksSetting('none'),
  AISWITCH_EDGE_LOG_LEVEL: choiceSetting({
    describe: 'The least severe log lines that are written.',
    fallback: 'info',
    choices: LOG_LEVELS,
  }),
  AISWITCH_EDGE_DRAIN_MS: integerSetting({
    describe: 'How long streams may go on after a signal to stop, in milliseconds.',
    fallback: edgeDefaults.drainMs,
    min: 0,
    max: 3_600_000,
  }),
};
