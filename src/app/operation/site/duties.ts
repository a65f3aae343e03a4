import { canonicalJson } from '../../../engine/model/canonical.ts';
import type { Catalog, CatalogResource, CatalogTarget } from '../../../engine/model/catalog.ts';
import { resolveTarget } from '../../../engine/model/targets.ts';
import { opensAt } from '../../../engine/model/window.ts';
import type { Duty } from '../../../operation/agenda.ts';
import type { Place } from '../../../operation/dispatch.ts';
import type { DeclaredVm } from '../../../operation/model.ts';
import { type Due, dueOf } from '../../../replication/movers/due-jobs.ts';
import { phaseOf } from '../../../schedule/due.ts';
import { sha256 } from '../../../values/digest.ts';
import type { ListedVm } from '../../../vsphere/client/connect.ts';
import { type Site, seenOf, type View } from './site.ts';

/** A VM of the manifests that an agent looks after. */
export interface VmDuty extends Duty {
  resource: CatalogResource;
  declared: DeclaredVm;
  view: View;
  /** Its vCenter, for whoever shares the work: a name, and how many cycles it stands. */
  at: { domain: string; cycles: number | undefined };
  /** SHA-256 of what has to be declared alike for two movers to make the same points of it. */
  digest(): string;
  /** Why it is due by now; undefined: it isn't, or its window is closed. Times by the repository's clock. */
  dueNow(newest: number | undefined, now: number): Due | undefined;
}

/** Where VMs are, by name and UUID in lower case, of a target that has limits for that. */
export type Located = ReadonlyMap<string, Pick<ListedVm, 'host' | 'datastores'>>;

/**
 * One per protected VM, as the site was last looked at.
 *
 * @param slots cycles at once at a vCenter that has no limit of its own
 */
export function dutiesOf(
  site: Site,
  slots: number,
  located: ReadonlyMap<string, Located> = new Map(),
): VmDuty[] {
  const byAddress = new Map(site.declared.map(one => [one.address, one]));
  return site.resources.flatMap(resource => {
    const declared = byAddress.get(resource.address);
    const view = declared && site.views.get(declared.repository);
    if (!declared || !view || declared.unlisted) return [];
    return [dutyOf(resource, declared, view, site, placesOf(resource, site, slots, located))];
  });
}

function dutyOf(
  resource: CatalogResource,
  declared: DeclaredVm,
  view: View,
  { catalog }: Site,
  places: readonly Place[],
): VmDuty {
  const { timetable, rpo, title } = declared;
  const target = targetOf(resource, catalog);
  let digest: string | undefined;
  const question = (time: number | undefined, now: number) => ({
    newest: time === undefined ? undefined : { time },
    disks: undefined,
    timetable,
    rpo,
    now,
  });
  return {
    id: resource.address,
    resource,
    declared,
    view,
    places,
    ...(view.back !== undefined && { back: view.back }),
    at: {
      domain: target ? `${target.name}-${sha256(urlOf(target)).slice(0, 8)}` : 'none',
      cycles: target && limitsOf(target).cycles,
    },
    digest() {
      const { address, properties, meta } = resource;
      const where = target && { name: target.name, url: urlOf(target) };
      digest ??= sha256(canonicalJson({ address, properties, ensure: meta.ensure, where }));
      return digest;
    },
    next(newest, now) {
      const uuid = seenOf(view, title)?.uuid;
      // By the clock of whoever waits, which isn't the repository's.
      const ahead = view.now() - now;
      const { due, deadline, reason } = dueOf({
        ...question(newest, view.now()),
        ...(uuid !== undefined && { phase: phaseOf(uuid) }),
      });
      if (!Number.isFinite(due)) return { ready: due, deadline };
      const opens = opensAt(timetable.windows, Math.max(due, view.now()));
      const isOpen = opens <= Math.max(due, view.now());
      // What is due whatever the time is one moment, so that saying it again changes nothing.
      if (reason !== 'interval') return { ready: isOpen ? 0 : opens - ahead, deadline: 0 };
      return { ready: (isOpen ? due : opens) - ahead, deadline: deadline - ahead };
    },
    dueNow(newest, now) {
      const by = dueOf(question(newest, now));
      return by.due > now || opensAt(timetable.windows, now) > now ? undefined : by;
    },
  };
}

interface Limits {
  cycles?: number;
  host_cycles?: number;
  datastore_cycles?: number;
}

export const limitsOf = ({ properties }: { properties: Record<string, unknown> }): Limits =>
  (properties.limits ?? {}) as Limits;

const targetOf = ({ meta }: CatalogResource, { targets }: Catalog): CatalogTarget | undefined =>
  resolveTarget(targets, 'vsphere', meta.target).target;

const urlOf = ({ properties }: CatalogTarget): string => String(properties.url);

/** Its vCenter, and the host and the datastores that it is on, as far as they have limits. */
function placesOf(
  resource: CatalogResource,
  { catalog }: Site,
  slots: number,
  located: ReadonlyMap<string, Located>,
): Place[] {
  const target = targetOf(resource, catalog);
  if (!target) return [];
  const { title } = resource;
  const { cycles = slots, host_cycles: onHost, datastore_cycles: onStore } = limitsOf(target);
  const { host, datastores = [] } = located.get(target.name)?.get(title.toLowerCase()) ?? {};
  const place = (kind: string, id: string, most: number) => ({ name: `${target.name} ${kind} ${id}`, most });
  return [
    { name: target.name, most: cycles },
    ...(onHost !== undefined && host !== undefined ? [place('host', host, onHost)] : []),
    ...(onStore !== undefined ? datastores.map(id => place('datastore', id, onStore)) : []),
  ];
}
