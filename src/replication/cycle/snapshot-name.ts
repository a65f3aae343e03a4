/** What the name of a snapshot of ours says about the cycle that made it. */
export interface SnapshotName {
  vm: string;
  repository: string;
  epoch: number;
  cycle: string;
}

/**
 * `converge-<VM uuid>-<repository id>-<epoch>-<cycle>`, ids cut to eight characters. The repository
 * is part of it because epochs count per repository: a VM that is protected into two would else have
 * the one's running cycle cleaned up by the other.
 */
export const snapshotName = ({ vm, repository, epoch, cycle }: SnapshotName): string =>
  `converge-${short(vm)}-${short(repository)}-${epoch}-${short(cycle)}`;

const pattern = /^converge-(\w{8})-(\w{8})-(\d{1,15})-\w{8}$/;

/** The epoch of a snapshot that a cycle of this VM and repository made; 0 for any other. */
export function ownEpoch(name: string, of: Pick<SnapshotName, 'vm' | 'repository'>): number {
  const [, vm, repository, epoch] = pattern.exec(name) ?? [];
  return vm === short(of.vm) && repository === short(of.repository) ? Number(epoch) : 0;
}

/** Whether `name` was given by a cycle of this VM and repository with an epoch below `epoch`. */
export function isOrphan(name: string, of: Omit<SnapshotName, 'cycle'>): boolean {
  const epoch = ownEpoch(name, of);
  return epoch > 0 && epoch < of.epoch;
}

/** Whether any converge, of whatever repository, made the snapshot: such ones come and go. */
export const isOurs = (name: string): boolean => pattern.test(name);

/**
 * The beginning of the repository's id, of a snapshot that a converge made of the VM; undefined for others.
 */
export function repositoryOf(name: string, vm: string): string | undefined {
  const [, of, repository] = pattern.exec(name) ?? [];
  return of === short(vm) ? repository : undefined;
}

/** An id as it is in names of snapshots. */
export const short = (id: string): string =>
  id
    .toLowerCase()
    .replace(/[^0-9a-z]/g, '')
    .padEnd(8, '0')
    .slice(0, 8);
