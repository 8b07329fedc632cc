export { type AuthOptions, type OpenAuth, openAuth } from './open-auth.ts';
