import { SIGNALS } from '../../replication/model/point.ts';
import { REASONS, type VmStatus } from '../model.ts';
import type { PlanStatus } from '../rehearsals.ts';
import { causeIn } from '../words.ts';
import type { Condition, Rule, Severity } from './model.ts';

/** What only the agent that looks knows, beside the status. Times are ms. */
export interface Known {
  /** By the name of a VM: how often its cycles failed in a row, and why the last did. */
  failing: ReadonlyMap<string, { times: number; code: string; message: string }>;
  /** Since when VMs are declared that have no point yet, by name. */
  declaredSince: ReadonlyMap<string, number>;
  /** Repositories that were there before. */
  seen: ReadonlySet<string>;
  /** By which the clocks of repositories are ahead. */
  ahead: ReadonlyMap<string, number>;
  /** Recovery plans, as their repositories tell. */
  plans: readonly PlanStatus[];
  /** Conditions of the agent itself: manifests, drift, routes. */
  own: readonly Condition[];
}

/** More between two clocks is wrong, ms. */
const mostSkew = 5 * 60_000;
/** How long a VM may be without its first point if nothing says how old points may become, ms. */
const firstPoint = 24 * 3_600_000;

/** All that is wrong by now. @param now by the clock that `declaredSince` is of */
export function conditionsOf(statuses: readonly VmStatus[], known: Known, now: number): Condition[] {
  return [
    ...statuses.flatMap(status => ofVm(status, known, now)),
    ...[...known.ahead].flatMap(([url, ms]) =>
      Math.abs(ms) > mostSkew
        ? [about('skew', 'warning', url, `the clock of ${url} and the one here differ by ${minutes(ms)}`)]
        : [],
    ),
    ...known.plans.flatMap(ofPlan),
    ...known.own,
  ];
}

/** Rules that say how a VM stands. */
const ofVms: ReadonlySet<Rule> = new Set([
  ...(['breached', 'never', 'lives-in-aws', 'replica-breached'] as const),
  ...(['failed-twice', 'resync', 'change-rate', 'damaged'] as const),
]);

/**
 * Whether anybody can know that what an alert is about has passed: not where nobody knows the state of a VM,
 * nor of one that isn't there while nobody can say which VMs a selection means.
 */
export function judgeOf(statuses: readonly VmStatus[]): (rule: Rule, subject: string) => boolean {
  const known = new Set<string>();
  const unknown = new Set<string>();
  let isUnlisted = false;
  for (const { vm, repository, state, reason } of statuses) {
    known.add(vm).add(repository);
    if (state === 'unknown' && reason !== 'no-target') unknown.add(vm);
    if (reason === 'selection-unknown') isUnlisted = true;
  }
  return (rule, subject) =>
    !ofVms.has(rule) || !(unknown.has(subject) || (isUnlisted && !known.has(subject)));
}

function ofPlan({ plan, state, passed, tested, deadline }: PlanStatus): Condition[] {
  const since = passed === undefined ? 'it never passed one' : `the last that passed ended ${day(passed)}`;
  if (state === 'overdue')
    return [
      about(
        'rehearsal-overdue',
        'warning',
        plan,
        `a test of ${plan} should have passed by ${day(deadline!)}: ${since}`,
      ),
    ];
  if (state === 'failed')
    return [about('rehearsal-failed', 'warning', plan, `test ${tested!.number} of ${plan} failed: ${since}`)];
  return [];
}

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

const minutes = (ms: number): string => `${Math.round(Math.abs(ms) / 60_000)} minutes`;

const about = (
  rule: Rule,
  severity: Severity,
  subject: string,
  text: string,
  cause = subject,
): Condition => ({
  rule,
  severity,
  cause,
  subject,
  text,
});

/** Codes of failures that say something about one VM alone; all others are the same for many. */
const isShared = (code: string): boolean =>
  !/^(vm-|snapshot-|disk-|quiesce|not-quiesced|cycle-|points-lost|unprotect)/.test(code);

function ofVm(status: VmStatus, { failing, declaredSince, seen }: Known, now: number): Condition[] {
  const { vm, state, reason, repository, replica, newest, kept, target } = status;
  const failed = failing.get(vm);
  const why = failed ? `: ${failed.message.replace(/\.$/, '')}` : '';
  // VMs that are late for the same reason are one alert: the vCenter is away.
  const cause = failed && isShared(failed.code) ? `${failed.code} ${causeIn(failed.message, status)}` : vm;
  const found: Condition[] = [];
  const isLate = now - (declaredSince.get(vm) ?? now) > (target ?? firstPoint) || (failed?.times ?? 0) > 1;
  const is = (rule: Rule, severity: Severity, text: string, of = cause) =>
    void found.push(about(rule, severity, vm, text, of));
  if (reason === 'damaged')
    is('damaged', 'critical', `something of what ${repository} holds of ${vm} can not be read`, vm);
  switch (state) {
    case 'breached':
      is('breached', 'critical', breachText(status, why));
      break;
    case 'paused':
      if (kept || reason !== 'paused') break;
      if (newest) is('breached', 'critical', `${vm} is paused, and its newest point is too old`, vm);
      else if (isLate) is('never', 'critical', `${vm} is paused, and has no recovery point`, vm);
      break;
    case 'never': {
      // `fewer-selected` says it.
      if (reason === 'selection-empty') break;
      // The first cycle makes it: what never was there isn't gone.
      if (reason === 'no-repository' && (isLate || seen.has(repository)))
        found.push(
          about('repository-gone', 'critical', vm, `the repository ${repository} is not there`, repository),
        );
      else if (isLate) is('never', 'critical', `${vm} has no recovery point${why}`);
      break;
    }
    case 'unknown':
      if (reason === 'repository-unreachable')
        found.push(
          about(
            'repository-gone',
            'critical',
            vm,
            `the repository ${repository} can not be read`,
            repository,
          ),
        );
      else if (reason !== 'no-target' && reason !== 'damaged')
        is('unknown', 'warning', `${vm}: ${REASONS[reason]}`, `${reason} ${repository}`);
      break;
    case 'unprotected':
      if (reason === 'lives-in-aws')
        is('lives-in-aws', 'critical', `${vm} lives in AWS, where nothing protects it`, vm);
      break;
    default:
      if ((failed?.times ?? 0) > 1) is('failed-twice', 'warning', `cycles of ${vm} keep failing${why}`);
  }
  if (replica?.state === 'breached' || replica?.state === 'never')
    is('replica-breached', 'critical', `the replica of ${vm} is too old, or not there`, vm);
  // Until somebody releases it: points that were made since don't end what may go on.
  if (status.signal)
    is('change-rate', 'critical', `${vm}: ${SIGNALS[status.signal]}; its points are held`, vm);
  if (newest && newest.mode !== 'incremental' && !expected.has(newest.reason))
    is('resync', 'warning', `${vm} was read whole: ${newest.reason}`, `${newest.reason} ${repository}`);
  return found;
}

/** What is too old of it, or is missing. */
function breachText({ vm, reason }: VmStatus, why: string): string {
  if (reason === 'volume-uncovered')
    return `${vm} lives in AWS, and its newest snapshots lack a volume that is attached to it`;
  if (reason === 'snapshots-in-aws') return `the newest snapshots of ${vm} in AWS are too old`;
  return `the newest point of ${vm} is too old${why || ` (${REASONS[reason]})`}`;
}

/** Reasons for which a VM is read whole that nobody has to hear of. */
const expected = new Set(['first-cycle', 'new-disk', 'requested', 'capacity-changed']);
