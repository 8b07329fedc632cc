export { type EdgeSettings, edgeDefaults, serverOptions } from './config.ts';
export { createEdge, type Edge, type EdgeOptions } from './edge.ts';
export type { EdgeBindings } from './routes.ts';
export { closeServer, createEdgeServer, listen } from './server.ts';
