export { type MasterKeyFile, openMasterKey } from './credentials.ts';
export { type OpenRouter, openRouter, type RouterOptions } from './open-router.ts';
export { migrations } from './schema.ts';
