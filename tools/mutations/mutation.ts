/** A guard that is taken away, and the test that then has to fail. */
export interface Mutation {
  guard: string;
  /** Where it is, from the root of the repository. */
  file: string;
  /** Text that is there once. */
  from: string;
  to: string;
  /** File and name of the test; its beginning is enough where no other begins so. */
  test: readonly [file: string, name: string];
}
