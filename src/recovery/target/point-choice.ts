import { Failure, given } from '../../diagnostics/diagnostic.ts';

/** Which point each machine of a plan is recovered from. */
export interface PointChoice {
  /** For machines that aren't named: `latest`, a time or an id. */
  all: string;
  /** By name in small letters. */
  of: ReadonlyMap<string, string>;
}

/**
 * Reads `--point` of a plan: `POINT` for all of its machines, `VM=POINT` for one. An id belongs to one
 * machine alone, so that a plan of several takes it only with its name.
 *
 * @throws Failure `bad-point`, with everything that is wrong
 */
export function choosePoints(asked: readonly string[], vms: readonly string[]): PointChoice {
  const known = new Set(vms.map(vm => vm.toLowerCase()));
  const of = new Map<string, string>();
  const wrong: string[] = [];
  const plain = asked.filter(one => !one.includes('='));
  for (const one of asked.filter(each => each.includes('='))) {
    const at = one.lastIndexOf('=');
    const vm = one.slice(0, at).toLowerCase();
    if (!known.has(vm)) wrong.push(`--point ${one}: the plan has no machine of that name`);
    if (of.has(vm)) wrong.push(`--point ${one}: a point of that machine was given before`);
    of.set(vm, one.slice(at + 1));
  }
  if (plain.length > 1) wrong.push(`--point ${plain.join(' and ')}: only one can be that of all machines`);
  const all = plain[0] ?? 'latest';
  const unnamed = [...known].filter(vm => !of.has(vm));
  if (/^[0-9a-f]{4,32}$/i.test(all) && known.size > 1 && unnamed.length > 0)
    wrong.push(`--point ${all}: an id is of one machine, and the plan has ${known.size}`);
  if (wrong.length === 0) return { all, of };
  const hint = `write \`--point VM=${plain[0] ?? 'POINT'}\`, of ${vms.join(', ')}; a plain \`latest\` or time is for the rest`;
  throw new Failure(wrong.map(message => given('bad-point', message, { hint })));
}

/** What is meant where no machines are known yet: the bundle in a repository is looked up by it. */
export const pointOfAll = (asked: readonly string[]): string =>
  asked.find(one => !one.includes('=')) ?? 'latest';
