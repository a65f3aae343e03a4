import type { RecoveryCloud } from '../../recovery/model/clients.ts';
import type { DryRun } from '../../recovery/model/dry-runs.ts';
import { type ReplicaSnapshot, readReplica, replicaTags } from '../../recovery/replica/names.ts';

/** What readiness asks EC2. */
export type AskedCloud = Pick<RecoveryCloud, 'groups' | 'machines' | 'types' | 'shells'> & {
  dryRuns: Pick<RecoveryCloud['dryRuns'], 'launch'>;
  /** The snapshots of a VM's replica. */
  replica(repository: string, vm: string): Promise<ReplicaSnapshot[]>;
  /** Whether an image could be registered of a snapshot. */
  registerImage(wanted: {
    snapshot: string;
    bootMode: 'legacy-bios' | 'uefi';
    tpm: boolean;
  }): Promise<DryRun>;
  /** Whether a volume could be made of one. */
  createVolume(wanted: { snapshot: string; subnet: string }): Promise<DryRun>;
};

/** EC2 lets an account launch five times at once, and then twice a second; dry runs count. */
export type AskOnce = (cloud: RecoveryCloud) => AskedCloud;

/**
 * What many targets would ask EC2 alike it is asked once. Whether it is allowed to make something of a
 * snapshot is asked of the first snapshot of its kind: those of a replica have the tags that a policy goes
 * by. What is refused for another reason than the policy is asked for each.
 */
export function askedOnce(signal: AbortSignal): AskOnce {
  const clouds = new Map<RecoveryCloud, AskedCloud>();
  return cloud => {
    const known = clouds.get(cloud) ?? onceOf(cloud, signal);
    clouds.set(cloud, known);
    return known;
  };
}

function onceOf(cloud: RecoveryCloud, signal: AbortSignal): AskedCloud {
  const told = new Map<string, Promise<unknown>>();
  const once = <T>(question: unknown[], ask: () => Promise<T>): Promise<T> => {
    const key = JSON.stringify(question);
    const answer = (told.get(key) ?? ask()) as Promise<T>;
    told.set(key, answer);
    return answer;
  };
  const { dryRuns, groups, machines, shells, snapshots, types } = cloud;
  const ofKind = async (kind: unknown[], ask: () => Promise<DryRun>, snapshot: string): Promise<DryRun> => {
    let own = false;
    const first = await once(kind, () => {
      own = true;
      return ask();
    });
    const isOfPolicy = first.allowed || first.against === 'policy';
    return own || isOfPolicy ? first : once([...kind, snapshot], ask);
  };
  return {
    types,
    groups: { ...groups, keyPairs: () => once(['pairs'], () => groups.keyPairs(signal)) },
    machines: { ...machines, images: tags => once(['images', tags], () => machines.images(tags, signal)) },
    shells: {
      ...shells,
      newestLinux: () => once(['linux'], () => shells.newestLinux(signal)),
      stock: patterns => once(['stock', patterns], () => shells.stock(patterns, signal)),
    },
    dryRuns: {
      launch: wanted => once(['launch', wanted], () => dryRuns.launch(wanted, signal)),
    },
    async replica(repository, vm) {
      const all = await once(['replicas', repository], async () => {
        const found = await snapshots.list({ tags: { [replicaTags.repository]: repository } }, signal);
        return Map.groupBy(found, ({ tags }) => tags[replicaTags.vm]);
      });
      return (all.get(vm) ?? []).flatMap(one => readReplica(one) ?? []);
    },
    registerImage: ({ snapshot, ...kind }) =>
      ofKind(['register', kind], () => dryRuns.registerImage({ snapshot, ...kind }, signal), snapshot),
    createVolume: ({ snapshot, ...kind }) =>
      ofKind(['volume', kind], () => dryRuns.createVolume({ snapshot, ...kind }, signal), snapshot),
  };
}
