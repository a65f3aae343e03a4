import { defineConfig } from 'vitest/config';

/** What is too heavy for the suite: `npm run test:release`, which .ci/run does. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['**/*.heavy.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
