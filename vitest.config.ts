import { defineConfig } from 'vitest/config';

// Dawn does not survive worker threads; forked processes also let the software adapter's environment be set.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
