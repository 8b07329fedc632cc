export { type AuthOptions, type OpenAuth, openAuth } from './open-auth.ts';
export { migrations } from './schema.ts';
