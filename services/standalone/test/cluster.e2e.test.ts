import { temporaryFolder } from '@ai-switch/testkit';
import { openCluster } from './cluster.ts';
import { describeGateway } from './sdk-cases.ts';

async function open() {
  const folder = temporaryFolder();
  const gateway = await openCluster(folder.path);
  return {
    ...gateway,
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

describeGateway('a process a service, over gRPC', open, { isShort: true });
