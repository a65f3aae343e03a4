import { bytes, span } from '../../io/units.ts';
import { attainmentOf, type Track } from '../attainment.ts';
import type { VmStatus } from '../model.ts';
import { cycleOf, nextOf, rehearsalOf, replicaOf, whyOf } from '../words.ts';
import { frame, moment } from './frame.ts';
import { type Html, html, type Part } from './html.ts';
import { badge } from './page.ts';
import { timeline, timelineColours, wordsOf } from './timeline.ts';

/** Of the newest cycles. */
const most = 100;

/** How one VM stands, and how it did. */
export function vmPage(vm: VmStatus, track: Track | undefined, at: number): string {
  const rows: [string, Part][] = [
    ['State', html`${badge(vm.state)} ${whyOf(vm)}`],
    [
      'Age',
      `${vm.age === undefined ? '-' : span(vm.age)}${vm.target === undefined ? '' : ` of ${span(vm.target)}`}`,
    ],
    ['Next cycle', nextOf(vm, at)],
    ['Last cycle', cycleOf(vm)],
    ...(vm.replica ? [['Replica', replicaOf(vm)] as [string, Part]] : []),
    ...(vm.rehearsal ? [[`Rehearsal ${vm.rehearsal.plan}`, rehearsalOf(vm, at)] as [string, Part]] : []),
    ...Object.entries(vm.verified ?? {}).map(([level, when]): [string, Part] => [
      `Verified (${level})`,
      moment(when),
    ]),
    ['UUID', vm.uuid ?? '-'],
    ['Repository', vm.repository],
  ];
  return frame({
    title: `${vm.vm}: ${vm.state} - converge`,
    heading: vm.vm,
    about: html`as of <b>${moment(at)}</b>`,
    links: html`<a href="/">Now</a><a href="/report">Evidence</a>`,
    body: [
      html`<dl>${rows.map(([what, value]) => html`<dt>${what}<dd>${value}`)}</dl>`,
      track && trackSection(track),
    ],
    footer: 'Ages count from the moment of the snapshot; a point counts from when it was complete.',
  });
}

function trackSection(track: Track): Html {
  const drawn = timeline(track, 't big');
  const { share } = attainmentOf(track.stretches);
  const breaches = track.stretches.filter(({ state }) => state === 'breached');
  const cycles = track.points.slice(-most).reverse();
  return html`<section aria-labelledby=tl><h2 id=tl>The last ${span(track.to - track.from)}</h2>
${drawn && html`${timelineColours}${drawn}`}<p>${wordsOf(track)}${share === undefined && '.'}</p>
${breaches.length > 0 && html`<h2>Breaches</h2><ul>${breaches.map(({ from, to }) => html`<li>${moment(from)} to ${moment(to)}: ${span(to - from)}`)}</ul>`}
<h2>Points</h2><div class=scroll tabindex=0 role=region aria-label="Points"><table><thead><tr><th scope=col>Snapshot<th scope=col>Complete after<th scope=col>How<th scope=col>Stored<tbody>${cycles.map(one => html`<tr><th scope=row class=n>${moment(one.time)}<td class=n>${span(one.complete - one.time)}<td>${one.mode === 'incremental' ? one.mode : `${one.mode} (${one.reason})`}, ${one.consistency}<td class=n>${one.stored === undefined ? '?' : bytes(one.stored)}`)}</table></div></section>`;
}
