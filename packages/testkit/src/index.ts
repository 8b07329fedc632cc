export { type CertificateAuthority, certificateAuthority, type ServiceCertificate } from './certificates.ts';
export * from './client-task.ts';
export {
  COMPONENT_NAMES,
  type Component,
  type ComponentName,
  startComponent,
} from './components/components.ts';
export { freePort } from './components/free-port.ts';
export { type KafkaBroker, startKafka, whyNoKafka } from './components/kafka-broker.ts';
export { type RedisServer, startRedis, whyNoRedis } from './components/redis-server.ts';
export { type DatabaseKind, databases, type FreshDatabase, lookInto } from './databases.ts';
export { type DialVector, dialVectors } from './dial-vectors.ts';
export { LEDGER_INVARIANTS, ledgerInvariants } from './ledger-invariants.ts';
export { LOOPBACK_NETWORKS } from './loopback-networks.ts';
export { type PostgresServer, startPostgres } from './postgres-server.ts';
export { type ProcessOptions, type RunningProcess, startProcess, temporaryFolder } from './processes.ts';
export type { ScriptedAnswer, ScriptedTool, ScriptedUsage } from './providers/answer.ts';
export { scriptedVector } from './providers/auxiliary.ts';
export type { ProblemName } from './providers/problem.ts';
export type { ScriptedDialect } from './providers/wire.ts';
export * from './scripted-provider.ts';
export * from './seen-prompt.ts';
export * from './transports.ts';
