export * from './call.ts';
export * from './models.ts';
export * from './providers.ts';
export type { UpstreamTarget } from './request-headers.ts';
export * from './retry-after.ts';
