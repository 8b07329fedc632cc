import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const modules = join(root, 'node_modules');
export const binaries = join(modules, '.bin');
const adminApi = join(root, 'services', 'console');
/** Writes the types of the admin API's client. */
export const clientGenerator = join(adminApi, 'src', 'openapi', 'generate-types.ts');
export const clientTypes = join(adminApi, 'generated', 'admin-api.ts');
