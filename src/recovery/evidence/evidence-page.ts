import { htmlText as escaped } from '../../diagnostics/html-text.ts';
import type { RunPicture } from '../run/keep.ts';
import type { RunStep } from '../run/run.ts';
import type { Evidence } from './evidence.ts';

/** A picture of a console, and what kind of file it is. */
export type EvidencePicture = Pick<RunPicture, 'image'> & { type: 'png' | 'jpeg' };

const span = (ms: number): string => {
  const seconds = Math.round(Math.abs(ms) / 1000);
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  return parts
    .filter(([n], at) => n > 0 || at === 2)
    .map(([n, unit]) => `${n} ${unit}`)
    .join(' ');
};

/** `2026-11-28 12:01:00 UTC`: whoever reads it on paper can't ask for its zone. */
const time = (rfc3339: string): string => rfc3339.replace('T', ' ').replace(/\.\d+Z$/, ' UTC');

const facts = (rows: readonly (readonly [what: string, value: string])[]): string =>
  `<dl>${rows.map(([what, value]) => `<dt>${escaped(what)}</dt><dd>${escaped(value)}</dd>`).join('')}</dl>`;

/** @param classes of the cells of a row, by column */
const table = (
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  classOf: (cell: string, column: number) => string | undefined = () => undefined,
): string => {
  const cell = (text: string, column: number) => {
    const kind = classOf(text, column);
    return `<td${kind === undefined ? '' : ` class="${kind}"`}>${escaped(text)}</td>`;
  };
  return `<table><thead><tr>${heads.map(head => `<th>${escaped(head)}</th>`).join('')}</tr></thead>
<tbody>${rows.map(row => `<tr>${row.map(cell).join('')}</tr>`).join('\n')}</tbody></table>`;
};

const list = (items: readonly string[]): string =>
  `<ul>${items.map(one => `<li>${escaped(one)}</li>`).join('\n')}</ul>`;

const outcomes: Record<string, string> = { passed: 'good', failed: 'bad', 'not run': 'open' };

/** One that is new has to be named here. */
const phases: Record<RunStep['what'] | 'fenced', string> = {
  fenced: 'fenced at home',
  proven: 'nothing led out of the network',
  scheduled: 'made sure of its end',
  refused: 'was not launched',
  retry: 'what failed is tried again',
  prober: 'asked for a prober',
  importing: 'is imported',
  imported: 'was imported',
  'import-failed': 'could not be imported',
  launched: 'launched',
  swapped: 'holds its own disks',
  probed: 'probed',
  'dns-switching': 'records of DNS are about to be switched',
  'dns-switched': 'records of DNS lead to EC2',
  'dns-back': 'records of DNS were put back',
  finished: 'over',
  failback: 'is brought home',
  'new-vm': 'another is made at home',
  frozen: 'stopped, and kept as snapshots',
  brought: 'is at home again',
  committed: 'the machines stay',
  undoing: 'it is being undone',
  ending: 'is being ended alone',
  ended: 'nothing of it is left in EC2',
  removing: 'something of it is removed',
  left: 'could not be removed',
  cleaned: 'removed',
};

/**
 * What a run showed as one page that loads nothing from anywhere, to be read, printed and kept.
 *
 * @param pictures by their number, where they are kept
 */
export function evidencePage(evidence: Evidence, pictures: ReadonlyMap<number, EvidencePicture>): string {
  const { plan, kind, number, planned, passed, network, machines } = evidence;
  const verdict = passed === undefined ? 'not over' : passed ? 'every probe passed' : 'did not pass';
  const title = `${kind === 'test' ? 'Test' : 'Failover'} ${number} of ${plan}`;
  const oldest = Math.max(0, ...machines.map(({ rpo }) => rpo));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>${escaped(`${title}: ${verdict}`)}</title>
<style>${style}</style></head><body>
<h1>${escaped(title)} <span class="${passed === undefined ? 'open' : passed ? 'good' : 'bad'}">${verdict}</span></h1>
<p class="figures"><span><b>${evidence.took === undefined ? 'not over' : span(evidence.took)}</b> ${tookWords(evidence)}</span>
<span><b>${span(oldest)}</b> of data lost${planned ? ': home was shut down before its last points were made' : ' at most, had home gone when it began'} (RPO)</span></p>
${facts([
  ['Began', time(evidence.began)],
  ...(planned
    ? [
        [
          'Planned',
          'the guests at home were shut down first, and nothing was written since their last points',
        ] as const,
      ]
    : []),
  ...(evidence.retries > 0 ? [['Tried again', `${evidence.retries} times`] as const] : []),
  ...(evidence.limit === undefined ? [] : [['To be over by', time(evidence.limit)] as const]),
  ['Digest of the plan', evidence.digest ?? `not in the record of this ${kind}`],
])}
<section><h2>The network</h2>
${facts([
  ['Account', network.account],
  ...(network.vpc === undefined ? [] : [['VPC', network.vpc] as const]),
  ...network.subnets.map(
    ({ id, zone, range }) => ['Subnet', [id, range, zone].filter(Boolean).join(', ')] as const,
  ),
  ['Security group', network.group],
])}
${network.proven ? `<p>Proven apart at ${escaped(time(network.proven.at))}:</p>${list(network.proven.looked)}` : ''}
${network.apart === undefined ? '' : `<p>The same at the end, at ${escaped(time(network.apart))}.</p>`}${network.opened ? `<p class="bad">At the end it was open:</p>${list(network.opened)}` : ''}</section>
${machines.map(one => machineSection(one, pictures)).join('\n')}
<section><h2>What was done</h2>
${table(
  ['When', 'After', 'What', 'Machine', 'What came of it'],
  evidence.phases.map(({ at, after, what, vm = '', saw = '' }) => [
    time(at),
    span(after),
    phases[what],
    vm,
    saw,
  ]),
  (_, column) => (column < 2 ? 'time' : undefined),
)}</section>
${evidence.left ? leftSection(evidence.left) : ''}<section><h2>What it does not show</h2>
${list(evidence.unproven)}</section>
</body></html>
`;
}

const leftSection = ({
  at,
  cost,
  things,
}: NonNullable<Evidence['left']>): string => `<section><h2>What is left of it</h2>
<p class="bad">At ${escaped(time(at))} this could not be removed; ${escaped(cost)}.</p>
${table(
  ['What', 'Which', 'Why'],
  things.map(({ kind, id, vm, why = 'AWS took the call, and still showed it' }) => [
    kind,
    vm === undefined ? id : `${id} (${vm})`,
    why,
  ]),
)}</section>
`;

function machineSection(
  {
    vm,
    of,
    point,
    rpo,
    type,
    instance = 'none',
    subnet,
    snapshots,
    results,
    picture,
  }: Evidence['machines'][number],
  pictures: ReadonlyMap<number, EvidencePicture>,
): string {
  const seen = picture === undefined ? undefined : pictures.get(picture);
  const probes = table(
    ['Probe', 'Ran in', 'Outcome', 'What was seen'],
    results.map(({ probe, from, outcome, saw }) => [probe, from, outcome, saw]),
    (cell, column) => (column === 2 ? outcomes[cell] : undefined),
  );
  return `<section><h2>${escaped(vm)}</h2>
${facts([
  ['Recovered from', `point ${point} of ${time(of)}`],
  ['Data lost (RPO)', span(rpo)],
  ['Instance', `${instance}, ${type}${subnet === undefined ? '' : ` in ${subnet}`}`],
  ['Snapshots', snapshots.join(', ')],
])}
${results.length === 0 ? '<p class="open">It was not probed to the end.</p>' : probes}
${seen ? `<figure><img alt="console of ${escaped(vm)}" src="data:image/${seen.type};base64,${seen.image}"><figcaption>Its console, as EC2 showed it</figcaption></figure>` : '<p>No picture of its console was kept.</p>'}</section>`;
}

const style = `
body { font: 15px/1.5 system-ui, "Liberation Sans", "DejaVu Sans", sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1.5rem; color: #1b1f24; background: #fff }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 1rem; overflow-wrap: anywhere } h1 span { font-size: 1rem; padding: .15rem .6rem; border-radius: 1rem; vertical-align: middle; white-space: nowrap; border: 1px solid }
h2 { font-size: 1.2rem; margin: 2rem 0 .6rem; padding-bottom: .2rem; border-bottom: 2px solid #d5dae0; overflow-wrap: anywhere }
.figures { display: flex; flex-wrap: wrap; gap: .8rem; margin: 0 0 1rem } .figures span { flex: 1 1 16rem; border: 1px solid #d5dae0; border-radius: .4rem; padding: .6rem .9rem } .figures b { display: block; font-size: 1.5rem }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; margin: .4rem 0 1rem } dt { color: #57606a } dd { margin: 0; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100%; margin: .6rem 0 1rem; font-size: .93rem }
th, td { border-bottom: 1px solid #d5dae0; padding: .35rem .6rem; text-align: left; vertical-align: top; overflow-wrap: anywhere } th { background: #f3f5f7; white-space: nowrap }
.time { white-space: nowrap; font-variant-numeric: tabular-nums }
.good { color: #116329 } .bad { color: #a40e26 } .open { color: #7d4e00 } td.good, td.bad, td.open { font-weight: 600; white-space: nowrap }
figure { margin: .6rem 0 } img { max-width: 100%; max-height: 26rem; border: 1px solid #8c959f } figcaption { color: #57606a; font-size: .87rem } ul { padding-left: 1.3rem } li { overflow-wrap: anywhere }
@page { margin: 15mm }
@media print { body { margin: 0; max-width: none; padding: 0; font-size: 10pt } tr, figure, dl, .figures { break-inside: avoid } h2 { break-after: avoid } * { -webkit-print-color-adjust: exact; print-color-adjust: exact } }
`;

/** What the time is that it took. */
function tookWords({ passed, took, rto }: Evidence): string {
  if (passed === false) return 'until it was over; no recovery time, since it did not pass';
  return took === undefined || rto !== undefined
    ? 'recovery time (RTO)'
    : 'of the last try; no recovery time, since not every machine was launched in it';
}
