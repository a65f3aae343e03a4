import type { Catalog, CatalogResource, CatalogTarget, NestedManifests } from '../../engine/model/catalog.ts';
import { nearest } from '../../engine/model/pointer.ts';
import { resolveTarget } from '../../engine/model/targets.ts';
import type { PlanProperties } from '../model/plan.ts';
import type { Bundle, BundledManifests, BundledResource, BundledTarget } from './bundle.ts';
import { collected, isRepositoryKey, type Naming, secretsIn } from './references.ts';

export type Declared = Pick<Catalog, 'resources' | 'targets' | 'nested'>;

/**
 * What manifests say about the recovery of a VM: the plans that it is in, the targets of all machines in
 * those and its own, and the AWS targets that these need. Undefined when they say nothing.
 */
export function compileBundle(declared: Declared, vm: NonNullable<Bundle['vm']>): Bundle | undefined {
  const isVm = (title: string) => [vm.name, vm.uuid].some(own => own.toLowerCase() === title.toLowerCase());
  return compileOf(declared, vm, one => machinesOf(one).some(isVm), isVm);
}

/** The same of one plan and all of its machines; undefined when none of this title is declared. */
export const compilePlan = (declared: Declared, title: string): Bundle | undefined =>
  compileOf(
    declared,
    undefined,
    one => one.title === title,
    () => false,
  );

function compileOf(
  { resources, targets, nested = [] }: Declared,
  vm: Bundle['vm'],
  isMeant: (plan: CatalogResource) => boolean,
  isVm: (title: string) => boolean,
): Bundle | undefined {
  const present = resources.filter(({ meta, select }) => meta.ensure !== 'absent' && select === undefined);
  const plans = present.filter(one => one.type === 'recovery_plan' && isMeant(one));
  const wanted = new Set(plans.flatMap(machinesOf).map(title => title.toLowerCase()));
  const machines = present.filter(
    ({ type, title }) => type === 'recovery_target' && (isVm(title) || wanted.has(title.toLowerCase())),
  );
  const chosen = [...plans, ...machines];
  if (chosen.length === 0) return undefined;
  const used = targets.filter(target => chosen.some(one => needs(one, target, targets)));
  const carried = plans.flatMap(plan =>
    nested.filter(({ address }) => address === plan.address).map(one => ({ plan, one })),
  );
  return {
    bundle: 1,
    ...(vm && { vm }),
    targets: used.map(bundledTarget),
    resources: chosen.map(bundledResource),
    references: collected([
      ...used.flatMap(target => namedBy(target, true)),
      // Not needed, and listed all the same: nobody has to wonder where it went.
      ...targets.filter(({ type }) => type === 'vsphere').flatMap(target => namedBy(target, false)),
      ...chosen.flatMap(namedInside),
      ...carried.flatMap(({ one }) => namedInGuest(one)),
    ]),
    ...(carried.length > 0 && { post_launch: carried.map(({ plan, one }) => bundledManifests(plan, one)) }),
  };
}

const machinesOf = ({ properties }: CatalogResource): string[] =>
  (properties as unknown as PlanProperties).groups.flatMap(group => group.targets);

/** Whether the resource, or access to its repository, goes by this target. */
function needs(
  { meta, properties }: CatalogResource,
  target: CatalogTarget,
  targets: readonly CatalogTarget[],
): boolean {
  const { repository } = properties as { repository?: string | { target?: string } };
  const names = [meta.target, typeof repository === 'object' ? repository.target : undefined];
  return names.some(name => resolveTarget(targets, 'aws', name).target === target);
}

/** Without the profile: that is a section of a file that only home has. */
function bundledTarget({ name, type, properties, at }: CatalogTarget): BundledTarget {
  const { profile: _, ...rest } = properties;
  return { name, type, properties: rest, at };
}

const bundledResource = ({
  type,
  title,
  properties,
  meta: { target },
  at,
  places,
}: CatalogResource): BundledResource => ({
  type,
  title,
  properties,
  ...(target !== undefined && { target }),
  at,
  places: Object.fromEntries(places),
});

const bundledManifests = (
  { title }: CatalogResource,
  { pointer, digest, files }: NestedManifests,
): BundledManifests => ({
  plan: title,
  entry: Number(pointer.split('/')[2]),
  digest,
  files: Object.fromEntries([...files].map(([path, bytes]) => [path, Buffer.from(bytes).toString('base64')])),
});

/** Where it is needed is the machine itself: whoever recovers it has nothing to bring. */
const namedInGuest = ({ address, secrets }: NestedManifests): Naming[] =>
  secrets.map(({ ref, by, at }) => ({
    ref,
    needed: true,
    where: 'guest',
    by: { what: `${by}, post-launch of ${address}`, at },
  }));

const namedBy = ({ name, properties, at }: CatalogTarget, needed: boolean): Naming[] =>
  [...secretsIn(properties)].map(({ ref }) => ({ ref, needed, by: { what: `target ${name}`, at } }));

const namedInside = ({ address, properties, places, at }: CatalogResource): Naming[] =>
  [...secretsIn(properties)].map(({ ref, pointer }) => ({
    ref,
    needed: !isRepositoryKey(pointer),
    by: { what: address, at: nearest(places, pointer) ?? at },
  }));
