import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The binary that tests spawn is what the sources say, not what was built some time ago.
    globalSetup: ['test/support/build.ts'],
    setupFiles: ['test/support/runtime-directory.ts'],
    // All processors: a machine of two would otherwise run one file at a time.
    maxWorkers: '100%',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
