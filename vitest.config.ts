import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{packages,services,scripts}/**/test/**/*.test.ts'],
    globalSetup: ['packages/testkit/src/postgres-server.ts'],
    // Processes, because a test may end or starve its own.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // What is waited for comes at once; a busy machine takes longer, and only a failure waits so long.
    expect: { poll: { timeout: 15_000 } },
  },
});
