import { ResponseCacheDefinition } from '@ai-switch/contracts';
import { runService, serve } from '@ai-switch/rpc';
import { createLogger } from '@ai-switch/telemetry';
import { settings } from './config.ts';
import { openCache } from './open-cache.ts';

await runService({
  name: 'cache',
  describe: 'keeps answers that may be given again.',
  settings,
  start: async (values, lifetime) => {
    const logger = createLogger({ service: 'cache', level: values.AISWITCH_CACHE_LOG_LEVEL });
    const { cache, close } = await openCache({
      storeUrl: values.AISWITCH_CACHE_STORE_URL,
      memoryBytesMax: values.AISWITCH_CACHE_MEMORY_BYTES,
      exactBytesMax: values.AISWITCH_CACHE_STORE_BYTES,
      logger,
    });
    lifetime.onClose('cache', close);
    const server = await serve([{ definition: ResponseCacheDefinition, implementation: cache }], {
      address: values.AISWITCH_CACHE_LISTEN,
      onError: (err, path) => logger.error({ err, path }, 'a call failed'),
    });
    lifetime.onClose('gRPC server', () => server.close());
    return { ready: `cache listens on port ${server.port}` };
  },
});
