import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongFirst } from './test/support/long-first.ts';
import { Slowest } from './test/support/slowest.ts';

/** Replace a module of Node, which the other tests of the same process would get, too. */
const apart = ['test/lab/disks/kill.test.ts', 'test/lab/vsphere/kill.test.ts'];

export default defineConfig({
  test: {
    // The binary that tests spawn is what the sources say, not what was built some time ago.
    globalSetup: ['test/support/huge-pages.ts', 'test/support/temporary.ts', 'test/support/build.ts'],
    setupFiles: ['test/support/environment.ts', 'test/support/runtime-directory.ts'],
    // Half as many again as processors: tests wait for programs and servers a fourth of their time.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    reporters: ['default', new Slowest()],
    sequence: { sequencer: LongFirst },
    // The tests use up buffers faster than anything else. Node would collect all garbage whenever 64 MiB of
    // them came together, each time going through whatever the files before have left in the process.
    execArgv: ['--external-memory-accounted-in-global-limit', '--initial-old-space-size=256'],
    // How long something takes is not what is tested: a machine may be busy.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 30_000 } },
    projects: [
      { extends: true, test: { name: 'apart', include: apart, isolate: true } },
      // One process for many files: most of the time of a small file goes into loading what it tests.
      {
        extends: true,
        test: { name: 'together', include: ['test/**/*.test.ts'], exclude: apart, isolate: false },
      },
    ],
  },
});
