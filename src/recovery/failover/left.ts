import type { Failure } from '../../diagnostics/diagnostic.ts';
import { type LeftThing, launchedElsewhere, type Run } from '../run/run.ts';
import { hourly } from '../target/prices.ts';

type Counted = Record<
  'instances' | 'images' | 'imports' | 'uploads' | 'volumes' | 'snapshots' | 'groups' | 'schedules',
  readonly string[]
>;

const kinds: readonly (readonly [LeftThing['kind'], keyof Counted])[] = [
  ['instance', 'instances'],
  ['import', 'imports'],
  ['image', 'images'],
  ['image in S3', 'uploads'],
  ['volume', 'volumes'],
  ['snapshot', 'snapshots'],
  ['security group', 'groups'],
  ['tear-down entry', 'schedules'],
];

/**
 * What of a run is left, in the order in which it costs.
 *
 * @param refused by id, what kept a thing from being removed
 */
export function leftOf(run: Run, found: Counted, refused: ReadonlyMap<string, Failure>): LeftThing[] {
  return kinds.flatMap(([kind, list]) =>
    found[list].map(id => {
      const why = refused.get(id)?.diagnostics[0]?.message;
      return { kind, id, ...(kind === 'instance' && costOf(run, id)), ...(why !== undefined && { why }) };
    }),
  );
}

function costOf(run: Run, instance: string): Pick<LeftThing, 'vm' | 'hourly'> {
  const vm = run.steps.findLast(step => step.what === 'launched' && step.instance === instance);
  const machine = run.start.groups
    .flatMap(({ machines }) => machines)
    .find(one => vm?.what === 'launched' && one.vm === vm.vm);
  if (!machine) return {};
  const { type = machine.instance_type } = launchedElsewhere(run, instance);
  const license = machine.shell?.license ?? machine.imported?.license;
  const price = hourly(type, {
    ...(license && { license }),
    ...(machine.tenancy && { tenancy: machine.tenancy }),
  });
  return { vm: machine.vm, ...(price !== undefined && { hourly: price }) };
}

/** `instance i-0abc (web01), volume vol-0abc`. */
export const leftWords = (things: readonly LeftThing[]): string =>
  things.map(({ kind, id, vm }) => `${kind} ${id}${vm === undefined ? '' : ` (${vm})`}`).join(', ');

/**
 * What it costs for as long as it stays. Source of what is by the month: Amazon EBS and Amazon S3 pricing,
 * us-east-1, of gp3, snapshots and S3 Standard.
 */
export function leftCost(things: readonly LeftThing[]): string {
  const has = (kind: LeftThing['kind']) => things.some(one => one.kind === kind);
  const instances = things.filter(({ kind }) => kind === 'instance');
  const known = instances.flatMap(one => one.hourly ?? []);
  const sum = known.reduce((all, one) => all + one, 0);
  const unknown = instances.length - known.length;
  const parts = [
    ...(known.length > 0 ? [`$${sum.toFixed(3)} an hour for what runs`] : []),
    ...(unknown > 0
      ? [`what an hour of ${unknown === 1 ? 'an instance' : `${unknown} instances`} costs`]
      : []),
    ...(has('volume') ? ['$0.08 a month for each GiB of a volume'] : []),
    ...(has('image') || has('import')
      ? ['$0.05 a month for each GiB of a snapshot that an image alone has']
      : []),
    ...(has('snapshot') ? ['$0.05 a month for each GiB that a snapshot alone has'] : []),
    ...(has('image in S3') ? ['$0.023 a month for each GB in S3'] : []),
  ];
  return parts.length === 0 ? 'nothing of it is billed' : `it costs ${parts.join(', and ')}`;
}
