import { printable } from '../../diagnostics/text-width.ts';
import { STATES, type Status, type VmStatus } from '../model.ts';
import type { PlanStatus } from '../rehearsals.ts';
import { isBreached } from '../status.ts';
import { exposition, type Metric, type Sample } from './exposition.ts';

type Labels = Sample['labels'];

/**
 * A status as metrics, every value but `failing` as the repositories say it: a process that was restarted
 * says the same. What isn't known has no value.
 *
 * @param of.version of converge
 * @param of.failing by the name of a VM, cycles that failed one after the other, as whoever runs them knows
 * @param of.summary leaves out what there is for each VM: at 10,000 of them that is some 150,000 series
 */
export function metricsOf(
  { at, vms, plans, repositories }: Status,
  of: {
    version: string;
    summary?: boolean;
    failing?: ReadonlyMap<string, { times: number; code: string }>;
  },
): string {
  const each = of.summary ? [] : labelled(vms);
  const stateful = labelled(vms).filter(([, vm]) => vm.replica !== undefined);
  return exposition([
    {
      name: 'converge_build_info',
      help: 'Version of converge.',
      samples: [{ labels: { version: of.version }, value: 1 }],
    },
    gauge('converge_status_timestamp_seconds', 'When these values were read.', [
      { labels: {}, value: at / 1000 },
    ]),
    gauge(
      'converge_vms',
      'VMs that are declared or have points, by repository and state.',
      repositories.flatMap(({ url }) =>
        STATES.map(state => ({
          labels: { repository: url, state },
          value: vms.filter(vm => vm.repository === url && vm.state === state).length,
        })),
      ),
    ),
    gauge(
      'converge_repository_readable',
      'Whether the repository could be read: 0 while nobody can say how its VMs stand.',
      repositories.map(({ url, problem }) => ({
        labels: { repository: url },
        value: problem === undefined ? 1 : 0,
      })),
    ),
    gauge(
      'converge_repository_size_bytes',
      'Bytes of all that the repository holds.',
      repositories.flatMap(({ url, bytes }) =>
        bytes === undefined ? [] : [{ labels: { repository: url }, value: bytes }],
      ),
    ),
    ...vmMetrics(each),
    ...(of.failing ? [failingMetric(each, of.failing)] : []),
    ...replicaMetrics(of.summary ? [] : stateful),
    ...proofMetrics(each),
    ...planMetrics(plans),
  ]);
}

/** There are few of them, and each has a name of its own in its repository. */
function planMetrics(plans: readonly PlanStatus[]): Metric[] {
  const at = (of: (plan: PlanStatus) => number | undefined): Sample[] =>
    plans.flatMap(one => {
      const value = of(one);
      const labels = { plan: printable(one.plan), repository: one.repository };
      return value === undefined ? [] : [{ labels, value: value / 1000 }];
    });
  return [
    gauge(
      'converge_plan_passed_timestamp_seconds',
      'When the newest test of the recovery plan that passed was over.',
      at(({ passed }) => passed),
    ),
    gauge(
      'converge_plan_deadline_timestamp_seconds',
      'From when on a test of the recovery plan is overdue by its schedule.',
      at(({ deadline }) => deadline),
    ),
    gauge(
      'converge_plan_next_test_timestamp_seconds',
      'When the recovery plan is to be rehearsed next.',
      at(({ next }) => next),
    ),
  ];
}

const gauge = (name: string, help: string, samples: readonly Sample[]): Metric => ({ name, help, samples });

/**
 * Several VMs may have one name, and a VM without a point has no UUID: both together tell them apart. A name
 * has no characters that hide something, as everywhere.
 */
const labelled = (vms: readonly VmStatus[]): [Labels, VmStatus][] => {
  const met = new Set<string>();
  return vms.flatMap(vm => {
    const labels = { vm: printable(vm.vm), uuid: vm.uuid ?? '', repository: vm.repository };
    const key = JSON.stringify(labels);
    // A series given twice makes the whole scrape fail.
    if (met.has(key)) return [];
    met.add(key);
    return [[labels, vm]];
  });
};

type Each = readonly [Labels, VmStatus][];

/** Values of the VMs that have one; `ms` in seconds. */
const inSeconds = (vms: Each, ms: (vm: VmStatus) => number | undefined): Sample[] =>
  vms.flatMap(([labels, vm]) => {
    const value = ms(vm);
    return value === undefined || !Number.isFinite(value) ? [] : [{ labels, value: value / 1000 }];
  });

const is = (condition: boolean): number => (condition ? 1 : 0);

const vmMetrics = (vms: Each): Metric[] => [
  gauge(
    'converge_vm_state',
    'How the protection of the VM stands: 1 for the state that it is in, 0 for all others.',
    vms.flatMap(([labels, vm]) =>
      STATES.map(state => ({ labels: { ...labels, state }, value: is(vm.state === state) })),
    ),
  ),
  gauge(
    'converge_vm_reason',
    'Why it stands so.',
    vms.map(([labels, { reason }]) => ({ labels: { ...labels, reason }, value: 1 })),
  ),
  gauge(
    'converge_vm_breached',
    'Whether somebody has to be told: an RPO of the VM is not kept, of its points or of its replica.',
    vms.map(([labels, vm]) => ({ labels, value: is(isBreached(vm)) })),
  ),
  gauge(
    'converge_vm_newest_point_timestamp_seconds',
    'When the snapshot of the newest point was made. Its age is time() less this.',
    inSeconds(vms, vm => vm.newest?.time),
  ),
  gauge(
    'converge_vm_age_seconds',
    'Age of the newest point when this was read.',
    inSeconds(vms, vm => vm.age),
  ),
  gauge(
    'converge_vm_rpo_seconds',
    'How old the newest point may become.',
    inSeconds(vms, vm => vm.target),
  ),
  gauge(
    'converge_vm_next_cycle_timestamp_seconds',
    'When the next cycle may begin.',
    inSeconds(vms, vm => vm.next),
  ),
  gauge(
    'converge_vm_last_cycle_info',
    'How the newest point came about.',
    vms.flatMap(([labels, { newest }]) =>
      newest
        ? [
            {
              labels: {
                ...labels,
                mode: newest.mode,
                reason: newest.reason,
                consistency: newest.consistency,
              },
              value: 1,
            },
          ]
        : [],
    ),
  ),
  gauge(
    'converge_vm_change_signal',
    'The changes of the VM jumped, and its points are held until somebody releases them.',
    vms.flatMap(([labels, { signal }]) => (signal ? [{ labels: { ...labels, signal }, value: 1 }] : [])),
  ),
  gauge(
    'converge_vm_last_cycle_stored_bytes',
    'Bytes that were written for the newest point.',
    vms.flatMap(([labels, { newest }]) =>
      newest?.stored === undefined ? [] : [{ labels, value: newest.stored }],
    ),
  ),
];

/** Why the last cycle made no point has the name that everything else has for it: `lease-lost`. */
const failingMetric = (vms: Each, failing: ReadonlyMap<string, { times: number; code: string }>): Metric =>
  gauge(
    'converge_vm_failed_cycles',
    'Cycles that this agent knows to have failed since the newest point was made, by the code of the last one.',
    vms.flatMap(([labels, { vm }]) => {
      const failed = failing.get(vm);
      return failed ? [{ labels: { ...labels, code: failed.code }, value: failed.times }] : [];
    }),
  );

const replicaMetrics = (vms: Each): Metric[] => [
  gauge(
    'converge_vm_replica_age_seconds',
    'Age of the newest whole replica when this was read.',
    inSeconds(vms, vm => vm.replica?.age),
  ),
  gauge(
    'converge_vm_replica_rpo_seconds',
    'How old the replica may become.',
    inSeconds(vms, vm => vm.replica?.target),
  ),
  gauge(
    'converge_vm_replica_behind_points',
    'Points that are newer than the replica.',
    vms.map(([labels, { replica }]) => ({ labels, value: replica!.behind })),
  ),
  gauge(
    'converge_vm_replica_breached',
    'Whether the RPO of the replica is not kept.',
    vms.map(([labels, { replica }]) => ({
      labels,
      value: is(replica!.state === 'breached' || replica!.state === 'never'),
    })),
  ),
];

const proofMetrics = (vms: Each): Metric[] => [
  gauge(
    'converge_vm_verified_timestamp_seconds',
    'When a verification last looked to this depth. It says nothing of what it found.',
    vms.flatMap(([labels, { verified }]) =>
      Object.entries(verified ?? {}).map(([level, at]) => ({
        labels: { ...labels, level },
        value: at / 1000,
      })),
    ),
  ),
  gauge(
    'converge_vm_rehearsal_timestamp_seconds',
    'When the newest rehearsal of the VM that is over ended.',
    inSeconds(vms, vm => vm.rehearsal?.finished?.at),
  ),
  gauge(
    'converge_vm_rehearsal_passed',
    'Whether it passed.',
    vms.flatMap(([labels, { rehearsal }]) =>
      rehearsal?.finished ? [{ labels, value: is(rehearsal.finished.ok) }] : [],
    ),
  ),
  gauge(
    'converge_vm_rehearsal_duration_seconds',
    'How long it took.',
    inSeconds(vms, vm => vm.rehearsal?.finished?.took),
  ),
];
