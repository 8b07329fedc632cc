import { join } from 'node:path';
import { temporaryFolder } from '@ai-switch/testkit';
import { openStandaloneGateway } from './gateway.ts';
import { describeGateway } from './sdk-cases.ts';

describeGateway('the standalone', async () => {
  const folder = temporaryFolder();
  const gateway = await openStandaloneGateway(join(folder.path, 'data'));
  return {
    ...gateway,
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
});
