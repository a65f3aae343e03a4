import {
  expiresOf,
  launchedElsewhere,
  type ProbeResult,
  type Run,
  type RunPicture,
  type RunStep,
} from './run.ts';

/** What a rehearsal showed, for whoever has to believe it. Times are RFC 3339, spans milliseconds. */
export interface Evidence {
  version: 1;
  plan: string;
  test: number;
  began: string;
  /** Whether every probe of every machine passed; undefined while it isn't over. */
  passed?: boolean;
  /** Recovery time: from the beginning to the end of the last probe. */
  rto?: number;
  limit: string;
  network: { account: string; subnets: string[]; group: string };
  machines: {
    vm: string;
    point: string;
    /** When the point was made, and how much was lost had home gone when the test began. */
    of: string;
    rpo: number;
    type: string;
    /** Where it isn't the first of the network. */
    subnet?: string;
    snapshots: string[];
    instance?: string;
    results: ProbeResult[];
    /** Number of its picture in the record. */
    picture?: number;
  }[];
  phases: { at: string; what: string; vm?: string }[];
  /** What this test doesn't show. */
  unproven: string[];
}

const timeOf = (ms: number): string => new Date(ms).toISOString();

/** From the record alone, so that it says the same whenever it is asked for. */
export function evidenceOf(run: Run): Evidence {
  const { start, steps } = run;
  const ended = steps.findLast(({ what }) => what === 'finished') as
    | Extract<RunStep, { what: 'finished' }>
    | undefined;
  const machines = start.groups
    .flatMap(group => group.machines)
    .map(machine => {
      const probed = steps.findLast(step => step.what === 'probed' && step.vm === machine.vm) as
        | Extract<RunStep, { what: 'probed' }>
        | undefined;
      return {
        vm: machine.vm,
        point: machine.point,
        of: timeOf(machine.time),
        rpo: start.began - machine.time,
        type: machine.instance_type,
        ...(probed && launchedElsewhere(run, probed.instance)),
        snapshots: machine.disks.map(({ snapshot }) => snapshot),
        ...(probed && { instance: probed.instance }),
        results: probed?.results ?? [],
        ...(probed?.picture !== undefined && { picture: probed.picture }),
      };
    });
  return {
    version: 1,
    plan: start.plan,
    test: start.number,
    began: timeOf(start.began),
    ...(ended && { passed: ended.ok, rto: ended.took }),
    limit: timeOf(expiresOf(run)),
    network: {
      account: start.account,
      subnets: [start.subnet, ...(start.else_subnets ?? [])],
      group: start.group,
    },
    machines,
    phases: steps.map(step => ({
      at: timeOf(step.at),
      what: step.what,
      ...('vm' in step && { vm: step.vm }),
    })),
    unproven: [
      ...machines.flatMap(({ vm, results }) =>
        results.length === 0
          ? [`${vm} was not probed to the end`]
          : results
              .filter(({ outcome }) => outcome === 'not run')
              .map(({ probe, saw }) => `${vm}: ${probe} was not run: ${saw}`),
      ),
      'that users reach the machines: nothing leads into the network of a test',
      'that there is room for all of them when everybody fails over',
    ],
  };
}

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, one => `&#${one.charCodeAt(0)};`).replace(/[\p{Cc}\p{Cf}]/gu, ' ');

const span = (ms: number): string => {
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} min ${seconds % 60} s`;
};

/**
 * The same as one page that loads nothing from anywhere, to be read, printed and kept. All that a machine or
 * a manifest said is escaped.
 *
 * @param pictures by their number, where they are kept; each with what kind of file it is
 */
export function evidencePage(
  evidence: Evidence,
  pictures: ReadonlyMap<number, Pick<RunPicture, 'image'> & { type: 'png' | 'jpeg' }>,
): string {
  const row = (...cells: string[]) => `<tr>${cells.map(cell => `<td>${escaped(cell)}</td>`).join('')}</tr>`;
  const table = (heads: string[], rows: string[]) =>
    `<table><thead><tr>${heads.map(head => `<th>${escaped(head)}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
  const verdict =
    evidence.passed === undefined ? 'not over' : evidence.passed ? 'every probe passed' : 'did not pass';
  const machines = evidence.machines.map(({ vm, of, point, rpo, type, instance = 'none', ...one }) => {
    const picture = one.picture === undefined ? undefined : pictures.get(one.picture);
    return `<section><h2>${escaped(vm)}</h2>
${table(['', ''], [row('Point', `${point} of ${of}`), row('Data lost had home gone then (RPO)', span(rpo)), row('Instance', `${instance}, ${type}${one.subnet === undefined ? '' : ` in ${one.subnet}`}`), row('Snapshots', one.snapshots.join(', '))])}
${table(
  ['Probe', 'From', 'Outcome', 'What was seen'],
  one.results.map(({ probe, from, outcome, saw }) => row(probe, from, outcome, saw)),
)}
${picture ? `<img alt="console of ${escaped(vm)}" src="data:image/${picture.type};base64,${picture.image}">` : ''}</section>`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${escaped(`Test ${evidence.test} of ${evidence.plan}`)}</title>
<style>
body { font: 15px/1.45 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; background: #fff }
table { border-collapse: collapse; width: 100%; margin: .6rem 0 1.2rem }
th, td { border: 1px solid #bbb; padding: .3rem .5rem; text-align: left; vertical-align: top; overflow-wrap: anywhere }
th { background: #eee } thead:has(th:empty) { display: none }
img { max-width: 100%; border: 1px solid #bbb }
@media print { body { margin: 0; max-width: none } section, tr, img { break-inside: avoid } }
</style></head><body>
<h1>${escaped(`Test ${evidence.test} of ${evidence.plan}: ${verdict}`)}</h1>
${table(['', ''], [row('Began', evidence.began), ...(evidence.rto === undefined ? [] : [row('Recovery time (RTO)', span(evidence.rto))]), row('To be over by', evidence.limit), row('Network', `${evidence.network.subnets.join(', ')} with ${evidence.network.group}, account ${evidence.network.account}`)])}
${machines.join('\n')}
<section><h2>What was done</h2>
${table(
  ['When', 'What', 'Machine'],
  evidence.phases.map(({ at, what, vm = '' }) => row(at, what, vm)),
)}</section>
<section><h2>What it does not show</h2>
<ul>${evidence.unproven.map(one => `<li>${escaped(one)}</li>`).join('')}</ul></section>
</body></html>
`;
}
