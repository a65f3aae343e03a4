import { medians, type Sample } from './measure.ts';
import type { Target } from './suite.ts';

export interface Results {
  samples: ReadonlyMap<string, Sample[]>;
  targets: readonly Target[];
  /** Lines about the machine and the versions. */
  about: string[];
}

const round = (value: number): string => (value < 100 ? value.toFixed(0) : Math.round(value).toString());

/** `RESULTS.md`: first what was aimed at and what came of it, then the numbers behind it. */
export function report({ samples, targets, about }: Results): string {
  const middle = new Map([...samples].map(([name, list]) => [name, medians(list)]));
  const judged = targets.map(target => {
    if (!target.cases.every(name => middle.has(name)))
      return `| ${target.what} | not measured: a peer is missing | - |`;
    const { found, margin } = target.judge(name => middle.get(name)!);
    const missed = `**missed** by ${Math.round((1 / margin - 1) * 100)}%`;
    return `| ${target.what} | ${found} | ${margin >= 1 ? 'met' : missed} |`;
  });
  const measured = [...middle].map(([name, { wall, cpu, memory }]) => {
    const list = samples.get(name)!;
    const walls = list.map(sample => sample.wall);
    const spread = `${round(Math.min(...walls))}-${round(Math.max(...walls))}`;
    return `| ${name} | ${round(wall)} | ${spread} | ${round(cpu)} | ${(memory / 2 ** 20).toFixed(0)} | ${list.length} |`;
  });
  return `# What was measured

Made by \`npm run bench\`; every round runs every program once, so that what else the machine does meets all
alike. Medians. What has to be "faster" must be so by the clock and in CPU time.

${about.map(line => `- ${line}`).join('\n')}

## Targets

| target | found | |
|---|---|---|
${judged.join('\n')}

## Numbers

Whole processes. Puppet and OpenTofu do the same work in folders of their own; "converged" means that nothing
has to be changed, "first" that nothing is there yet. "parsing floor" is the YAML library alone with 1,000 small
documents, started from source.

| what | wall ms | least-most | CPU ms | memory MiB | rounds |
|---|---|---|---|---|---|
${measured.join('\n')}
`;
}
