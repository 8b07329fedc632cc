export * from './call.ts';
export { capabilitiesOf, originOf, withCapabilities } from './capabilities.ts';
export { credentialHeaders } from './credential-headers.ts';
export * from './models.ts';
export * from './providers.ts';
export { applyQuirks } from './quirks/index.ts';
export type { QuirkContext } from './quirks/quirk.ts';
export type { UpstreamTarget } from './request-headers.ts';
export * from './retry-after.ts';
