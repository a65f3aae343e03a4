import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * What takes longest though it is short to read. On a machine that has never run them, vitest begins with the
 * largest files: these would come last, one of them alone while the other processors wait.
 */
const long = [
  'engine/contract/contract.test.ts',
  'cli/examples.test.ts',
  'replication/repository/histories.test.ts',
  'replication/cycle/resume.test.ts',
  'recovery/calls.test.ts',
  'recovery/readiness/disk-facts.test.ts',
  'cli/unwritable.test.ts',
  'cli/beanstalk.test.ts',
  'recovery/shell.test.ts',
  'cli/bundle.test.ts',
  'cli/isolated-network.test.ts',
].map(name => join(import.meta.dirname, '..', name));

/** The order of vitest, but for those. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const gone = long.filter(path => !existsSync(path));
    if (gone.length > 0)
      throw new Error(`test/support/long-first.ts names what isn't there: ${gone.join(', ')}`);
    const place = ({ moduleId, project }: TestSpecification) =>
      project.config.isolate ? -1 : long.includes(moduleId) ? long.indexOf(moduleId) : long.length;
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => place(a) - place(b));
  }
}
