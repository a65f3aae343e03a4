import { bytes, span } from '../io/units.ts';
import { REASONS, type State, type VmStatus } from './model.ts';

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

export const worstFirst = (vms: readonly VmStatus[]): VmStatus[] =>
  WORST_FIRST.flatMap(state => vms.filter(vm => vm.state === state));

/** Why a VM stands as it does, as a clause. */
export const whyOf = ({ reason, pausedUntil, heldUntil, kept, state }: VmStatus): string => {
  const held =
    heldUntil === undefined ? '' : `; its points are held until ${new Date(heldUntil).toISOString()}`;
  const until = pausedUntil === undefined ? '' : ` until ${new Date(pausedUntil).toISOString()}`;
  return `${REASONS[reason]}${until}${state === 'paused' && !kept ? '; its RPO is breached' : ''}${held}`;
};

/** How its newest point came about. */
export function cycleOf({ newest }: Pick<VmStatus, 'newest'>): string {
  if (!newest) return '-';
  const mode = newest.mode === 'incremental' ? newest.mode : `${newest.mode} (${newest.reason})`;
  const size = newest.stored === undefined ? '' : `, ${bytes(newest.stored)}`;
  return `${mode}${size}, ${newest.consistency}`;
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
