import { ResponseCacheDefinition } from '@ai-switch/contracts';
import { runService, serve, tlsFiles } from '@ai-switch/rpc';
import { createProcessLogger } from '@ai-switch/telemetry';
import { settings } from './config.ts';
import { openCache } from './open-cache.ts';

/** Who may call what. */
const CALLERS = { '/aiswitch.v1.ResponseCache/': ['edge-gateway'] };

await runService({
  name: 'cache',
  describe: 'keeps answers that may be given again.',
  settings,
  start: async (values, lifetime) => {
    const logger = createProcessLogger({ service: 'cache', level: values.AISWITCH_CACHE_LOG_LEVEL });
    const { cache, close } = await openCache({
      storeUrl: values.AISWITCH_CACHE_STORE_URL,
      memoryBytesMax: values.AISWITCH_CACHE_MEMORY_BYTES,
      exactBytesMax: values.AISWITCH_CACHE_STORE_BYTES,
      logger,
    });
    lifetime.onClose('cache', close);
    const server = await serve([{ definition: ResponseCacheDefinition, implementation: cache }], {
      address: values.AISWITCH_CACHE_LISTEN,
      tls: tlsFiles(values),
      callers: CALLERS,
      onError: (err, path) => logger.error({ err, path }, 'a call failed'),
    });
    lifetime.onClose('gRPC server', () => server.close());
    return { ready: `cache listens on port ${server.port}`, leave: () => server.leave() };
  },
});
