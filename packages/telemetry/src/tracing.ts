// Loaded before everything else, with `node --import`: sends the spans of this process to a collector of OpenTelemetry's protocol.
// Without an address of one nothing is loaded, and every span in the code is an empty call.
//
// When the collector is down, spans wait in a bounded queue and are then dropped, and a line a minute says so: requests go on. A wrong
// address is one line, and the process runs without traces, because watching a gateway must not be what stops it. Only the main thread is
// traced: calls to a thread are spans of the thread that makes them.

import { isMainThread } from 'node:worker_threads';
import { processClosed } from '@ai-switch/kernel';
import { readTracingSettings, type TracingSettings } from './config.ts';
import { createLogger, type Logger } from './logger.ts';

/** How long a process that ends goes on sending what it has left; the rest is dropped. */
const LAST_SEND_MS = 3_000;
const COMPLAINT_INTERVAL_MS = 60_000;
const COMPLAINT_CHARACTERS_MAX = 200;

const settings = readTracingSettings();
if (settings.isOn && isMainThread) {
  const logger = createLogger({ service: settings.serviceName ?? 'ai-switch', level: 'warn' });
  if (settings.problem === undefined) await start(settings, logger);
  else logger.error(`${settings.problem}: nothing is traced`);
}

async function start({ serviceName }: TracingSettings, logger: Logger): Promise<void> {
  // Half a second of loading, for those alone who want it.
  const [{ NodeSDK }, { envDetector, serviceInstanceIdDetector }, { diag, DiagLogLevel }] = await Promise.all(
    [import('@opentelemetry/sdk-node'), import('@opentelemetry/resources'), import('@opentelemetry/api')],
  );
  const quiet = () => {};
  const complain = complainer(logger, 'traces are not sent');
  const warn = complainer(logger, 'OpenTelemetry warns');
  diag.setLogger(
    { error: complain, warn, info: quiet, debug: quiet, verbose: quiet },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const sdk = new NodeSDK({
    ...(serviceName !== undefined && { serviceName }),
    resourceDetectors: [envDetector, serviceInstanceIdDetector],
    // Metrics are scraped and logs are lines: neither is sent from here.
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  let isEnding = false;
  const end = () => {
    if (isEnding) return;
    isEnding = true;
    // The library has no bound on all that it has left to send, and tries again for ten seconds with each batch.
    setTimeout(() => process.exit(), LAST_SEND_MS).unref();
    sdk.shutdown().catch(complain);
  };
  processClosed.subscribe(end);
  process.once('beforeExit', end);
}

/** At most one line a minute. The library names the part that speaks, and then says what it has to say. */
function complainer(logger: Logger, sentence: string): (...said: unknown[]) => void {
  let lastMs = Number.NEGATIVE_INFINITY;
  return (...said) => {
    const nowMs = performance.now();
    if (nowMs - lastMs < COMPLAINT_INTERVAL_MS) return;
    lastMs = nowMs;
    logger.warn({ reason: reasonIn(said.map(String).join(' ')) }, sentence);
  };
}

/** An error comes as the JSON of all its fields, which may hold what the collector answered. */
function reasonIn(said: string): string {
  const [, message] = /"message":"((?:[^"\\]|\\.)*)"/.exec(said) ?? [];
  return (message ?? said).slice(0, COMPLAINT_CHARACTERS_MAX);
}
