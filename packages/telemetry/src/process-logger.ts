import { createLogger, type Logger, type LoggerOptions } from './logger.ts';

/** kafkajs arms the timer of requests that a broker holds back with a time before now, whenever it connects; Node takes it for 1 ms. */
const HARMLESS = 'TimeoutNegativeWarning';

/** The logger of a process: what Node warns of is a line of it, too, where it would print lines of its own. */
export function createProcessLogger(options: LoggerOptions): Logger {
  const logger = createLogger(options);
  process.removeAllListeners('warning');
  process.on('warning', (warning: Error & { readonly code?: string }) => {
    const level = warning.name === HARMLESS ? 'debug' : 'warn';
    logger[level]({ err: warning, code: warning.code }, 'node warns');
  });
  return logger;
}
