import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { bytes, plural, span } from '../../io/units.ts';
import { alertLine } from '../alerts/words.ts';
import { attainmentOf, type Track } from '../attainment.ts';
import type { Mover, OpenAlert, State, Status, VmStatus } from '../model.ts';
import type { PlanStatus } from '../rehearsals.ts';
import {
  agentsOf,
  cycleOf,
  doingOf,
  nextOf,
  planOf,
  rehearsalOf,
  replicaOf,
  runWords,
  WORST_FIRST,
  whyOf,
} from '../words.ts';
import { frame, moment } from './frame.ts';
import { type Html, html } from './html.ts';
import { type Overview, overviewOf } from './overview.ts';
import { percent, timeline, timelineColours } from './timeline.ts';

/** What is known besides of whoever moves VMs and tells people; left out where nobody keeps it. */
export interface Operation {
  /** What is wrong besides what repositories know of. */
  alerts?: readonly OpenAlert[];
  /** Those that are known better than by what they wrote into a repository. */
  movers?: readonly Mover[];
  /** By the name of a VM: how many of its cycles failed in a row, and the code of the last failure. */
  failing?: ReadonlyMap<string, { times: number; code: string }>;
}

/** What a page shows. */
export interface View extends Operation {
  status: Status;
  /** Of the VMs that are shown; others may be left out. */
  tracks: readonly Track[];
}

/** Which part of it. */
export interface Asked {
  state?: State;
  /** Part of a name. */
  find?: string;
  /** From 1. */
  page: number;
  /** It is asked for again and again, by whoever looks on. */
  follow?: true;
}

/** Rows of a page that has all VMs: as much as anybody scans, and 200 KiB. */
export const ROWS = 200;
/** Of one of several: a browser has read and laid out so many within a tenth of a second. */
const PART = 100;

/** Seconds after which a page that is followed is asked for again. */
export const FOLLOW_EVERY = 10;
/** Steps of a run that a page shows: those of a few machines, and some KiB. */
const mostSteps = 40;

export const NOTHING_ASKED: Asked = { page: 1 };

/** The VMs that are meant, the worst first, and those of them that the page has, or the last one there is. */
export function shownOf(
  vms: readonly VmStatus[],
  { state, find, page }: Asked,
): { all: readonly VmStatus[]; rows: readonly VmStatus[]; first: number; at: number; last: number } {
  const wanted = find?.toLowerCase() ?? '';
  const { worstFirst, byState } = overviewOf(vms);
  const meant = state === undefined ? worstFirst : (byState.get(state) ?? []);
  const all =
    wanted === ''
      ? meant
      : meant.filter(vm => vm.vm.toLowerCase().includes(wanted) || vm.uuid?.toLowerCase() === wanted);
  const most = all.length > ROWS ? PART : ROWS;
  const last = Math.max(1, Math.ceil(all.length / most));
  // Whoever looks on at one that was left by fewer VMs would see none at all.
  const at = Math.min(page, last);
  const first = (at - 1) * most;
  return { all, rows: all.slice(first, first + most), first, at, last };
}

const kinds: Record<State, 'bad' | 'warn' | 'ok'> = {
  breached: 'bad',
  never: 'bad',
  unknown: 'warn',
  late: 'warn',
  paused: 'warn',
  unprotected: 'warn',
  kept: 'ok',
};

/** How everything stands, the worst first: one page that loads nothing, and needs no script. */
export function page(view: View, asked: Asked = NOTHING_ASKED): string {
  const { status, alerts = [], movers = [] } = view;
  const agents = agentsOf(status.repositories, movers);
  const told = status.repositories.flatMap(one => one.alerts ?? []);
  const isTold = ({ rule, subjects }: OpenAlert) =>
    told.some(one => one.rule === rule && subjects.every(subject => one.subjects.includes(subject)));
  const open = [...told, ...alerts.filter(one => !isTold(one))];
  const { breached: broken, byState: found } = overviewOf(status.vms);
  const verdict =
    broken > 0 ? `${broken} of ${plural(status.vms.length, 'VM')} not kept` : 'every RPO is kept';
  const isKnown = !found.has('unknown') && status.diagnostics.length === 0;
  return frame({
    title: `${broken === 0 && !isKnown ? 'not all is known' : verdict} - converge`,
    heading: 'Recovery points',
    about: html`as of <b>${moment(status.at)}</b>: ${broken > 0 || isKnown ? verdict : 'nothing is known to be breached, and not everything is known'}`,
    links: html`<a href="/">Now</a>${follow(asked)}<a href="/report">Evidence</a><a href="/metrics">Metrics</a>`,
    body: [
      tiles(status.vms.length, found, asked),
      unseen(status.diagnostics),
      runs(status),
      open.length > 0 &&
        html`<section class="box bad" aria-labelledby=al><h2 id=al>Alerts that are open</h2><ul>${open.map(one => html`<li>${one.severity}: ${alertLine(one)}, since ${moment(one.since)}`)}</ul></section>`,
      vmSection(view, asked),
      agents.length > 0 &&
        html`<section class=scroll tabindex=0 aria-labelledby=mo><h2 id=mo>Agents</h2><table><thead><tr><th scope=col>Agent on<th scope=col>What it does<tbody>${agents.map(one => html`<tr><th scope=row>${one.host}${one.kind === 'worker' ? ' (worker)' : ''}<td>${doingOf(one, status.at)}`)}</table></section>`,
      recoveryPlans(status),
      rehearsals(status),
      repositories(status),
    ],
    footer: html`Ages count from the moment of the snapshot, by the clock of the repository's store. A timeline shows the age of the newest point; the dashed line is how old it may become.`,
  });
}

const hrefOf = ({ state, find, page, follow: following }: Partial<Asked>): string => {
  const query = new URLSearchParams({
    ...(state !== undefined && { state }),
    ...(find !== undefined && { find }),
    ...(page !== undefined && page > 1 && { page: String(page) }),
    ...(following && { follow: '1' }),
  }).toString();
  return query === '' ? '/' : `/?${query}`;
};

/** A page that changes under whoever reads it does so because they asked for it. */
function follow({ follow: following, ...asked }: Asked): Html {
  return following
    ? html`<a href="${hrefOf(asked)}">Stop following</a>`
    : html`<a href="${hrefOf({ ...asked, follow: true })}">Follow</a>`;
}

/** What is at work, or stands, of recovery plans: with its steps while it goes on. */
function runs({ plans, at }: Status): Html | undefined {
  const found = plans.flatMap(({ plan, run }) => (run ? [{ plan, run }] : []));
  if (found.length === 0) return undefined;
  return html`<section class=box aria-labelledby=fo><h2 id=fo>Failovers and tests that are there</h2>${found.map(
    ({ plan, run }) => {
      const { steps } = run;
      const earlier = steps.length - mostSteps;
      const list = html`<ol class=steps>${steps.slice(-mostSteps).map(step => html`<li><time datetime="${new Date(step.at).toISOString()}">${moment(step.at)}</time> ${step.text}`)}</ol>`;
      return html`<h3>${plan}</h3><p>${runWords(run, at)}</p><details${run.state === 'running' && html` open`}><summary>${plural(steps.length, 'step')}</summary>${earlier > 0 && html`<p>${plural(earlier, 'step')} before these; <code>converge failover status ${plan} PATHS</code> tells all.</p>`}${list}</details>`;
    },
  )}</section>`;
}

function tiles(all: number, found: Overview['byState'], asked: Asked): Html {
  const tile = (state: State | undefined, count: number) => {
    const at = hrefOf({ ...(state && { state }), ...(asked.follow && { follow: true }) });
    const kind = state === undefined || count === 0 ? '' : kinds[state];
    return html`<li><a href="${at}" class="${kind}"${asked.state === state && html` aria-current="page"`}><b>${count}</b>${state ?? 'all'}</a>`;
  };
  const counts = WORST_FIRST.map(state => [state, found.get(state)?.length ?? 0] as const);
  const shown = counts.filter(([state, count]) => count > 0 || state === 'breached' || state === 'kept');
  return html`<nav aria-label="By state"><ul class=tiles>${tile(undefined, all)}${shown.map(([state, count]) => tile(state, count))}</ul></nav>`;
}

/** What could not be seen, which makes all else doubtful. */
export const unseen = (diagnostics: readonly Diagnostic[]): Html | undefined =>
  diagnostics.length === 0
    ? undefined
    : html`<section class="box bad" aria-labelledby=un><h2 id=un>What could not be seen</h2><ul>${diagnostics.slice(0, 20).map(one => html`<li>${one.message}${one.hint !== undefined && html`<small>${one.hint}</small>`}`)}</ul>${diagnostics.length > 20 && html`<p>and ${diagnostics.length - 20} more; <code>converge status</code> tells all.</p>`}</section>`;

export const trackKey = (of: { uuid?: string | undefined; repository: string }): string =>
  `${of.repository} ${of.uuid}`;

export const linkTo = ({ vm, uuid, repository }: VmStatus): string =>
  `/vm?${new URLSearchParams({ vm: uuid ?? vm, repository })}`;

export const badge = (state: State): Html => html`<span class="s ${kinds[state]}">${state}</span>`;

function vmSection({ status, tracks }: View, asked: Asked): Html {
  const { all, rows, first, at, last } = shownOf(status.vms, asked);
  const byVm = new Map(tracks.map(track => [trackKey(track), track]));
  const { called } = overviewOf(status.vms);
  const what =
    all.length > ROWS ? `${first + 1} to ${first + rows.length} of ${all.length}` : plural(all.length, 'VM');
  return html`<section aria-labelledby=vms><h2 id=vms>${asked.state === undefined ? 'VMs, the worst first' : `VMs that are ${asked.state}`}</h2>
<form role=search method=get action="/"><label for=q>Find a VM</label><input id=q name=find type=search value="${asked.find ?? ''}">${asked.state !== undefined && html`<input type=hidden name=state value="${asked.state}">`}${asked.follow && html`<input type=hidden name=follow value=1>`}<button>Find</button></form>
${timelineColours}<table class=v role=table><caption>${what}</caption><thead role=rowgroup><tr role=row>${['VM', 'State', 'Age', 'Last 24 hours', 'Last cycle', 'Next'].map(one => html`<th role=columnheader scope=col>${one}`)}<tbody role=rowgroup>
${rows.map(vm => row(vm, called(vm), byVm.get(trackKey(vm)), status.at))}</table>
${pages(at, last, asked)}</section>`;
}

function row(vm: VmStatus, called: string, track: Track | undefined, at: number): Html {
  const drawn = timeline(track);
  const { share } = track ? attainmentOf(track.stretches) : {};
  return html`<tr role=row><th role=rowheader scope=row><a href="${linkTo(vm)}">${called}</a><small>${whyOf(vm)}</small><td role=cell>${badge(vm.state)}<td role=cell class=n data-l=Age>${vm.age === undefined ? '-' : span(vm.age)}${vm.target !== undefined && html`<small>of ${span(vm.target)}</small>`}<td role=cell>${drawn ?? '-'}${drawn && share !== undefined && html`<small>kept ${percent(share)}</small>`}<td role=cell data-l="Last cycle">${cycleOf(vm)}${vm.replica && html`<small>replica ${replicaOf(vm)}</small>`}<td role=cell class=n data-l=Next>${nextOf(vm, at)}
`;
}

function pages(at: number, last: number, asked: Asked): Html | undefined {
  if (last < 2) return undefined;
  const to = (page: number, words: string) => html`<a href="${hrefOf({ ...asked, page })}">${words}</a>`;
  return html`<nav class=pages aria-label="More VMs">${at > 1 && to(at - 1, 'Before')}<span>Page ${at} of ${last}</span>${at < last && to(at + 1, 'Next')}</nav>`;
}

function recoveryPlans({ plans, at }: Status): Html | undefined {
  if (plans.length === 0) return undefined;
  const isWrong = ({ state }: PlanStatus) => state === 'overdue' || state === 'failed';
  return html`<section class=scroll tabindex=0 aria-labelledby=pl><h2 id=pl>Recovery plans</h2><table><thead><tr><th scope=col>Plan<th scope=col>How it stands<tbody>${plans.map(plan => html`<tr><th scope=row>${plan.plan}<td${isWrong(plan) && html` class=bad`}>${planOf(plan, at)}`)}</table></section>`;
}

function rehearsals({ vms, at }: Status): Html | undefined {
  const { rehearsed } = overviewOf(vms);
  if (rehearsed.length === 0) return undefined;
  return html`<section class=scroll tabindex=0 aria-labelledby=re><h2 id=re>Rehearsals</h2><table><thead><tr><th scope=col>Plan<th scope=col>Test<th scope=col>What came of it<tbody>${rehearsed.map(vm => html`<tr><th scope=row>${vm.rehearsal!.plan}<td class=n>${vm.rehearsal!.number}<td>${rehearsalOf(vm, at)}`)}</table></section>`;
}

function repositories({ repositories: all, vms }: Status): Html {
  const { held } = overviewOf(vms);
  const rows = all.map(({ url, problem, bytes: size }) => {
    const how =
      problem === undefined ? 'read' : problem === 'no-repository' ? 'not there' : 'could not be read';
    return html`<tr><th scope=row>${url}<td class=n>${held.get(url) ?? 0}<td${problem !== undefined && html` class=bad`}>${how}<td class=n>${size === undefined ? '-' : bytes(size)}`;
  });
  return html`<section class=scroll tabindex=0 aria-labelledby=rp><h2 id=rp>Repositories</h2><table><thead><tr><th scope=col>Repository<th scope=col>VMs<th scope=col>Seen<th scope=col>Size<tbody>${rows}</table></section>`;
}
