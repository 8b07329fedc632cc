export { createLogger, LOG_LEVELS, type Logger, type LoggerOptions, type LogLevel } from './logger.ts';
export {
  ANSWER_SECONDS,
  addThread,
  Bounded,
  CALL_SECONDS,
  type Counter,
  counter,
  gauge,
  type Histogram,
  histogram,
  type MetricsOfThread,
  metricsOfThread,
  metricsText,
  type WatchedGauge,
} from './metrics.ts';
export { type OperationsServer, openOperationsServer, operationsSettings } from './operations-server.ts';
export { createProcessLogger } from './process-logger.ts';
export { Readiness, type ReadinessAnswer, type ReadinessCheck, type ReadinessChecks } from './readiness.ts';
