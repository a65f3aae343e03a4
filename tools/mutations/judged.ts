/** What came of running one test by its name. */
export interface Outcome {
  /** Whether the file in which a guard was to be taken away was loaded. */
  taken: boolean;
  /** What kept the test's file from being loaded. */
  unloaded: readonly string[];
  /** Those that ran: of that name. */
  tests: readonly { passed: boolean; errors: readonly { name?: string | undefined; message: string }[] }[];
}

/** Errors of a program that is broken, where a guard that is gone would let something through. */
const broken = /^(Syntax|Reference|Type|Range)Error$/;
const outOfTime = /^(Test|Hook) timed out/;

/**
 * Whether a test showed that a guard is needed: with the guard it passes, and without it the same test fails
 * by what it asks. `said` is what it failed by, or why nothing was shown.
 */
export function judged(asItIs: Outcome, without: Outcome): { shown: boolean; said: string } {
  const not = (said: string) => ({ shown: false, said });
  if (asItIs.unloaded.length > 0) return not(`the file of the test can't be loaded: ${asItIs.unloaded[0]}`);
  if (asItIs.tests.length !== 1) return not(`${asItIs.tests.length} tests have that name`);
  const before = asItIs.tests[0]!;
  if (!before.passed) return not(`the test fails with the guard, too: ${before.errors[0]?.message}`);
  if (!without.taken) return not("the test doesn't load the file of the guard");
  if (without.unloaded.length > 0) return not(`without it nothing can be loaded: ${without.unloaded[0]}`);
  const [after] = without.tests;
  if (!after || after.passed) return not('the test passes without the guard');
  const [error] = after.errors;
  if (!error) return not('the test failed and nobody knows by what');
  if (outOfTime.test(error.message) || (error.name && broken.test(error.name)))
    return not(`without it the program is broken: ${error.message}`);
  return { shown: true, said: error.message };
}
