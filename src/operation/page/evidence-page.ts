import { plural, span } from '../../io/units.ts';
import type { Evidence, EvidenceVm } from '../evidence.ts';
import { callingOf } from '../words.ts';
import { frame, moment } from './frame.ts';
import { type Html, html } from './html.ts';
import { badge } from './page.ts';
import { percent } from './timeline.ts';

/** What is listed of each kind; the JSON has all. */
const most = 200;

/**
 * A month's evidence as one page that loads nothing, to be read, printed and kept.
 *
 * @param links of pages beside it; left out where it is kept by itself
 */
export function evidencePage(evidence: Evidence, links?: Html): string {
  const { month, group, from, to, at, attainment, vms, unseen } = evidence;
  const whole = attainment.share === undefined ? '-' : percent(attainment.share);
  const kept = vms.filter(vm => vm.attainment.share === 1).length;
  const called = callingOf(vms);
  const resyncs = vms.flatMap(vm => vm.resyncs.map(one => ({ vm: called(vm), ...one })));
  const breaches = vms.flatMap(vm => vm.breaches.map(one => ({ vm: called(vm), ...one })));
  const known = `of the time kept${knownWords(evidence)}`;
  return frame({
    title: `Evidence ${month}${group === undefined ? '' : ` of ${group}`}: ${whole}`,
    heading: `Were the recovery point objectives kept? ${month}`,
    about: html`${group === undefined ? 'all VMs' : html`the VMs of <b>${group}</b>`}, from ${moment(from)} to ${moment(to)}, made ${moment(at)}`,
    links,
    body: [
      links !== undefined &&
        html`<form action="/report" method=get role=search aria-label="another month or group"><label>Month <input name=month value="${month}" size=7 pattern="20[0-9]{2}-(0[1-9]|1[0-2])" placeholder="2026-11"></label> <label>VMs <input name=group value="${group ?? ''}" placeholder="web* or label:gold"></label> <button>Show</button></form>`,
      html`<ul class=tiles><li><a class="${kept === vms.length ? 'ok' : 'bad'}" href="#vms"><b>${whole}</b>${known}</a><li><a href="#vms"><b>${kept} of ${vms.length}</b>VMs kept all the time that is known</a><li><a href="#breaches"><b>${breaches.length}</b>${breaches.length === 1 ? 'breach' : 'breaches'}</a><li><a href="#resyncs"><b>${resyncs.length}</b>${resyncs.length === 1 ? 'resync' : 'resyncs'}</a></ul>`,
      unseen.length > 0 &&
        html`<section class="box bad"><h2>What could not be read, so that something may be missing</h2><ul>${unseen.slice(0, most).map(one => html`<li>${one}`)}</ul></section>`,
      html`<section><h2 id=vms>VMs</h2><table class=v role=table><thead role=rowgroup><tr role=row>${['VM', 'Kept', 'Target', 'Breaches', 'Points', 'Last verified', 'Rehearsal'].map(one => html`<th role=columnheader scope=col>${one}`)}<tbody role=rowgroup>${vms.map(vm => row(vm, called(vm), to - from))}</table></section>`,
      list(
        'breaches',
        'Breaches',
        ['VM', 'From', 'To', 'For'],
        breaches
          .toSorted((a, b) => b.to - b.from - (a.to - a.from))
          .map(one => [one.vm, moment(one.from), moment(one.to), span(one.to - one.from)]),
      ),
      list(
        'resyncs',
        'Resyncs',
        ['VM', 'Snapshot', 'How', 'Why'],
        resyncs.map(one => [one.vm, moment(one.time), one.mode, one.reason]),
      ),
    ],
    footer: html`An RPO is kept while the newest point that was complete is younger than the VM's target as it is declared when this was made. Of the time before the first point that is known nothing is counted. ${plural(vms.length, 'VM')}.`,
  });
}

function row(vm: EvidenceVm, called: string, whole: number): Html {
  const { share, breaches, longest, known } = vm.attainment;
  const deep = Math.max(vm.verified?.sample ?? 0, vm.verified?.full ?? 0);
  const { rehearsal } = vm;
  const tried = rehearsal?.finished
    ? `${rehearsal.plan}: ${rehearsal.finished.ok ? 'passed' : 'failed'} in ${span(rehearsal.finished.took)}, ${moment(rehearsal.finished.at)}`
    : '-';
  return html`<tr role=row><th role=rowheader scope=row>${called}<small>${badge(vm.state)} now</small><td role=cell class="n ${share === undefined ? 'warn' : share === 1 ? 'ok' : 'bad'}" data-l=Kept>${share === undefined ? 'nothing is known' : percent(share)}${share !== undefined && known < whole && html`<small>of ${span(known)}</small>`}<td role=cell class=n data-l=Target>${vm.target === undefined ? '-' : span(vm.target)}<td role=cell class=n data-l=Breaches>${breaches}${breaches > 0 && html`<small>the longest ${span(longest)}</small>`}<td role=cell class=n data-l=Points>${vm.points}<small>${vm.consistent} application-consistent</small><td role=cell class=n data-l="Last verified">${deep > 0 ? moment(deep) : 'never'}<td role=cell data-l=Rehearsal>${tried}
`;
}

/** How much of the time a share is of: the rest must not look as if it were kept. */
function knownWords({ attainment, vms, from, to }: Evidence): string {
  const nobody = vms.filter(vm => vm.attainment.share === undefined).length;
  const known = attainment.known / ((to - from) * vms.length);
  if (vms.length === 0 || known === 1) return '';
  return `, of the ${percent(known)} that is known${nobody > 0 ? `; of ${plural(nobody, 'VM')} nothing is` : ''}`;
}

const list = (id: string, title: string, heads: string[], rows: readonly (readonly string[])[]): Html =>
  html`<section><h2 id="${id}">${title}</h2>${rows.length === 0 ? html`<p>None.</p>` : html`<div class=scroll tabindex=0 role=region aria-label="${title}"><table><thead><tr>${heads.map(one => html`<th scope=col>${one}`)}<tbody>${rows.slice(0, most).map(([first, ...rest]) => html`<tr><th scope=row>${first}${rest.map(cell => html`<td>${cell}`)}`)}</table></div>`}${rows.length > most && html`<p>and ${rows.length - most} more; the JSON has all of them.</p>`}</section>`;
