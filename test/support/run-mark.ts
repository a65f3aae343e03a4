/**
 * The mark of this test run in the environment, which every process that a test starts inherits
 * (test/support/build.ts). Those that get an environment of their own get this with it.
 */
const name = 'CONVERGE_TEST_RUN';

export const runMark: Record<string, string> = Object.fromEntries(
  // .ci/run marks all that it starts by a name of its own.
  [name, 'CONVERGE_CI_RUN'].flatMap(key => (process.env[key] ? [[key, process.env[key]]] : [])),
);

/** Marks whatever this process starts from now on. Returns the mark as `NAME=VALUE`. */
export function markRun(value: string): string {
  process.env[name] = value;
  return `${name}=${value}`;
}
