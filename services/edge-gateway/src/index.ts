export { type EdgeSettings, edgeDefaults, serverOptions } from './config.ts';
export { createEdge, type Edge, type EdgeOptions } from './edge.ts';
export type { Hold } from './holds/hold.ts';
export { Holds, type HoldsParts, type Wanted } from './holds/holds.ts';
export { Spool } from './holds/spool.ts';
export { openSpoolFile, type SpoolFile } from './holds/spool-file.ts';
export type { EdgeBindings } from './routes.ts';
export { createEdgeServer } from './server.ts';
