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

/** Whether `name` was given by a cycle of this VM and repository with an epoch below `epoch`. */
export function isOrphan(name: string, of: Omit<SnapshotName, 'cycle'>): boolean {
  const [, vm, repository, epoch] = /^converge-(\w{8})-(\w{8})-(\d{1,15})-\w{8}$/.exec(name) ?? [];
  return vm === short(of.vm) && repository === short(of.repository) && Number(epoch) < of.epoch;
}

/** Whether any converge, of whatever repository, made the snapshot: such ones come and go. */
export const isOurs = (name: string): boolean => /^converge-\w{8}-\w{8}-\d{1,15}-\w{8}$/.test(name);

const short = (id: string): string =>
  id
    .toLowerCase()
    .replace(/[^0-9a-z]/g, '')
    .padEnd(8, '0')
    .slice(0, 8);
