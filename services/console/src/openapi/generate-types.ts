// Writes the types of the CLI's client, as a part of the set-up.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { clientTypes } from './client-types.ts';
import { openApiDocument } from './document.ts';

const PATH = join(import.meta.dirname, '../../generated/admin-api.ts');

mkdirSync(dirname(PATH), { recursive: true });
writeFileSync(PATH, clientTypes(openApiDocument()));
