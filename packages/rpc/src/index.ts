export type { CallersByPath } from './callers.ts';
export { type Connection, type ConnectOptions, connect } from './connect.ts';
export { connectUnary } from './connect-unary.ts';
export { loopback } from './loopback.ts';
export { type RunnableService, runService } from './run-service.ts';
export { type ServedPort, type ServeOptions, type Server, serve } from './serve.ts';
export { connectThread, type ServeThreadOptions, serveThread, type ThreadServer } from './thread.ts';
export { type TlsFiles, tlsFiles, tlsSettings } from './tls.ts';
export { MESSAGE_BYTES_MAX, type PortOf, type ServiceDefinition } from './wire.ts';
