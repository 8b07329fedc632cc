export { type MasterKeyFile, openMasterKey } from './credentials.ts';
export { type OpenRouter, openRouter, type RouterOptions } from './router.ts';
