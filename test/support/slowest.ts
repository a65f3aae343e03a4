import { relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

const shown = 10;
/** Of a run of fewer files everybody sees what took long. */
const worthIt = 50;

/** Says at the end of a long run which files took longest: what to mend first when it takes too long. */
export class Slowest implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    if (modules.length < worthIt) return;
    const took = modules
      .map(one => ({ path: relative(process.cwd(), one.moduleId), ms: one.diagnostic().duration }))
      .sort((a, b) => b.ms - a.ms);
    const lines = took
      .slice(0, shown)
      .map(({ path, ms }) => `${(ms / 1000).toFixed(1).padStart(7)} s  ${path}`);
    process.stdout.write(`\nThe files that took longest:\n${lines.join('\n')}\n`);
  }
}
