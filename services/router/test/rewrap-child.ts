// A router that rewraps as slowly as it must and is killed in the middle of it: started by rewrap-crash.test.ts.

import { readFileSync } from 'node:fs';
import { openRouter } from '../src/index.ts';

const [, , databaseUrl = '', newestPath = '', oldPath = ''] = process.argv;
const { router, close } = await openRouter({
  databaseUrl,
  masterKey: readFileSync(newestPath),
  otherMasterKeys: [readFileSync(oldPath)],
});
process.stdout.write('begin\n');
for (let left = 1n; left > 0n; ) left = (await router.rewrapDataKeys({ companiesMax: 1 })).left;
for (let index = 0; ; index += 1) {
  const tenant = `ten_${index}`;
  const { providers } = await router.listProviders({ tenant, page: undefined });
  if (providers.length === 0) break;
  await router.rotateDataKey({ tenant });
}
await close();
process.stdout.write('end\n');
