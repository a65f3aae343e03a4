import { defineConfig } from 'vitest/config';

/**
 * What is too heavy for `npm cit`: machines that boot, Windows' interfaces under Wine, packages that are
 * installed. `npm run test:heavy`, which .ci/run does beside it.
 */
export default defineConfig({
  test: {
    include: ['test/**/*.heavy.ts'],
    globalSetup: ['test/support/huge-pages.ts', 'test/support/temporary.ts', 'test/support/build.ts'],
    setupFiles: ['test/support/environment.ts', 'test/support/runtime-directory.ts'],
    maxWorkers: '100%',
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
