import { bytes, plural, span } from '../io/units.ts';
import { untilWords } from '../replication/model/object-lock.ts';
import { SIGNALS } from '../replication/model/point.ts';
import { type Mover, type Moving, moverSilence, REASONS, type State, type VmStatus } from './model.ts';
import type { PlanStatus, StandingRun } from './rehearsals.ts';
import { isBreached } from './status.ts';

/** The worst first. */
export const WORST_FIRST: readonly State[] = [
  'breached',
  'never',
  'unknown',
  'late',
  'paused',
  'unprotected',
  'kept',
];

export const worstFirst = (vms: readonly VmStatus[]): VmStatus[] => {
  const found = byState(vms);
  return WORST_FIRST.flatMap(state => found.get(state) ?? []);
};

/** In one go, and by a plain loop: of ten thousand VMs each look at all of them is felt. */
export function byState(vms: readonly VmStatus[]): ReadonlyMap<State, readonly VmStatus[]> {
  const found = new Map<State, VmStatus[]>();
  for (const vm of vms) {
    const others = found.get(vm.state);
    if (others) others.push(vm);
    else found.set(vm.state, [vm]);
  }
  return found;
}

/** What tells a VM from others. */
type Named = Pick<VmStatus, 'vm' | 'repository'> & { uuid?: string | undefined };

/**
 * What each VM is called, so that nobody takes one for another: those of one name, of which one was made anew
 * or is in another repository, with their UUID and repository as far as these differ.
 */
export function callingOf(vms: readonly Named[]): (vm: Named) => string {
  const firsts = new Map<string, Named>();
  const differing = new Map<string, { uuid: boolean; repository: boolean }>();
  for (const one of vms) {
    const name = one.vm.toLowerCase();
    const first = firsts.get(name);
    if (!first) firsts.set(name, one);
    else {
      const before = differing.get(name);
      differing.set(name, {
        uuid: (before?.uuid ?? false) || one.uuid !== first.uuid,
        repository: (before?.repository ?? false) || one.repository !== first.repository,
      });
    }
  }
  return ({ vm, uuid, repository }) => {
    const differ = differing.get(vm.toLowerCase());
    const apart = [
      ...(differ?.uuid && uuid !== undefined ? [uuid] : []),
      ...(differ?.repository ? [repository] : []),
    ];
    return apart.length > 0 ? `${vm} (${apart.join(', ')})` : vm;
  };
}

/**
 * A text about a VM without what names that one alone, its snapshots included: what is said alike about
 * several is one cause.
 */
export function causeIn(text: string, { vm, uuid }: { vm: string; uuid?: string | undefined }): string {
  const found = text.replaceAll(/\bconverge-\w{8}-\w{8}-\d{1,15}-\w{8}\b/g, 'SNAPSHOT');
  const names = [vm, ...(uuid === undefined ? [] : [uuid])].map(name => name.replaceAll(/\W/g, '\\$&'));
  return found.replaceAll(new RegExp(`(?<![\\w-])(?:${names.join('|')})(?![\\w-])`, 'gi'), 'VM');
}

/** Why a VM stands as it does, as a clause. */
export const whyOf = (status: VmStatus): string => {
  const { reason, pausedUntil, heldUntil, signal, state, newest } = status;
  const why = signal ? ` (${SIGNALS[signal]})` : '';
  const held = heldUntil === undefined ? '' : `; its points are held ${untilWords(heldUntil)}${why}`;
  const until = pausedUntil === undefined ? '' : ` until ${new Date(pausedUntil).toISOString()}`;
  const breach = newest ? 'its RPO is breached' : REASONS['no-point'];
  const counts = state === 'paused' && isBreached(status) ? `; ${breach}` : '';
  return `${REASONS[reason]}${until}${counts}${held}`;
};

/** How its newest point came about. */
export function cycleOf({ newest }: Pick<VmStatus, 'newest'>): string {
  if (!newest) return '-';
  const mode = newest.mode === 'incremental' ? newest.mode : `${newest.mode} (${newest.reason})`;
  const size = newest.stored === undefined ? '' : `, ${bytes(newest.stored)}`;
  return `${mode}${size}, ${newest.consistency}`;
}

/**
 * When cycles last looked whether all is there that newest points need: where that is longest ago. Of those
 * that are known to be broken a warning tells.
 */
export function presenceOf(vms: readonly VmStatus[], at: number): string | undefined {
  const having = vms.filter(({ newest, broken }) => newest !== undefined && !broken);
  const never = having.filter(({ newest }) => newest!.presence === undefined);
  if (never.length > 0)
    return `no cycle has looked yet whether all is there that the newest point of ${never[0]!.vm} needs${never.length > 1 ? `, nor of ${never.length - 1} more` : ''}`;
  const [oldest] = having.toSorted((a, b) => a.newest!.presence! - b.newest!.presence!);
  if (!oldest) return undefined;
  const ago = `${span(Math.max(0, at - oldest.newest!.presence!))} ago`;
  return having.length > 1
    ? `all that newest points need was in the repository when cycles last looked: ${oldest.vm} ${ago}, the others later`
    : `all that the newest point of ${oldest.vm} needs was in the repository ${ago}`;
}

export const nextOf = ({ next }: VmStatus, at: number): string =>
  next === undefined ? '-' : next <= at ? 'now' : `in ${span(next - at)}`;

export function replicaOf({ replica }: VmStatus): string {
  if (!replica) return '-';
  const age = replica.age === undefined ? '' : `, ${span(replica.age)}`;
  return `${replica.state}${age}${replica.behind > 0 ? `, ${replica.behind} behind` : ''}`;
}

export function rehearsalOf({ rehearsal }: VmStatus, at: number): string {
  if (!rehearsal) return '-';
  const { finished, began } = rehearsal;
  if (!finished) return `begun ${span(at - began)} ago`;
  return `${finished.ok ? 'passed' : 'failed'} in ${span(finished.took)}, ${span(at - finished.at)} ago`;
}

/** How a recovery plan stands, as a clause. */
export function planOf({ state, tested, passed, next, deadline }: PlanStatus, at: number): string {
  const last = tested
    ? `test ${tested.number} ${tested.ok ? 'passed' : 'failed'} in ${span(tested.took)}, ${span(at - tested.at)} ago`
    : 'never rehearsed';
  const before =
    tested && !tested.ok
      ? passed === undefined
        ? '; none has passed'
        : `; one passed ${span(at - passed)} ago`
      : '';
  const soon =
    next === undefined ? '' : next <= at ? '; the next is due' : `; the next is due in ${span(next - at)}`;
  const late = state === 'overdue' ? `; overdue for ${span(at - deadline!)}` : '';
  return `${last}${before}${late}${soon}`;
}

/** How far a run of a plan is that is at work, or stands, as a clause. */
export function runWords(
  { number, kind, state, began, expires, machines, steps }: StandingRun,
  at: number,
): string {
  const { all, launched, probed } = machines;
  const how = {
    running: 'is at work',
    standing: 'stands',
    committed: 'was committed',
    undoing: 'is being undone',
  }[state];
  const far =
    state === 'running' ? `: ${launched} of ${plural(all, 'machine')} launched, ${probed} probed` : '';
  const last = steps.at(-1);
  // One that was interrupted looks like one that is at a long step: when that began says which.
  const newest = last && state === 'running' ? `; last, ${span(at - last.at)} ago: ${last.text}` : '';
  const end =
    expires === undefined
      ? ''
      : expires <= at
        ? `; to be over since ${span(at - expires)}`
        : `; to be over in ${span(expires - at)}`;
  return `${kind} ${number} ${how}, begun ${span(at - began)} ago${far}${newest}${end}`;
}

/** The agents that are known, each once: the same writes into each repository. */
export const agentsOf = (
  repositories: readonly { movers?: readonly Mover[] }[],
  better: readonly Mover[] = [],
): Mover[] => {
  const byId = new Map<string, Mover>();
  for (const mover of [...better, ...repositories.flatMap(({ movers = [] }) => movers)])
    if (!byId.has(mover.id)) byId.set(mover.id, mover);
  return [...byId.values()];
};

/** What an agent is at, as far as it has told. */
export function doingOf({ at: heard, slots, running, ended }: Mover, at: number): string {
  const when = `${span(at - heard)} ago`;
  if (ended) return `ended ${when}`;
  if (at - heard > moverSilence) return `last heard of ${when}`;
  const moving = running.map(one => movingOf(one, at)).join(', ');
  return `${moving === '' ? 'moves nothing' : `moves ${moving}`}, ${plural(slots, 'slot')}, heard of ${when}`;
}

/** A cycle that runs, with how far it is where that is known. */
function movingOf({ vm, since, done, total }: Moving, at: number): string {
  const size =
    done === undefined ? [] : [total ? `${bytes(done)} of ${bytes(total)} read` : `${bytes(done)} read`];
  const share = done !== undefined && total ? [`${Math.min(100, Math.floor((100 * done) / total))} %`] : [];
  return `${vm} (${[span(at - since), ...share, ...size].join(', ')})`;
}
