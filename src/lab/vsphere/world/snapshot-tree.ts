import type { VmState } from './state.ts';

/**
 * Takes snapshots out of the VM's tree, and says which of the ids were in it: the children of one that goes
 * become its parent's, as vSphere has it, and the VM runs on the nearest that is left.
 */
export function takeFromTree(vm: VmState, ids: string[]): Set<string> {
  const gone = new Map(vm.snapshots.filter(one => ids.includes(one.id)).map(one => [one.id, one]));
  const heir = (id: string | undefined): string | undefined => {
    const removed = id === undefined ? undefined : gone.get(id);
    return removed ? heir(removed.parent) : id;
  };
  vm.snapshots = vm.snapshots.filter(one => !gone.has(one.id));
  for (const one of vm.snapshots) reparent(one, 'parent', heir(one.parent));
  reparent(vm, 'currentSnapshot', heir(vm.currentSnapshot));
  return new Set(gone.keys());
}

function reparent<K extends string>(one: { [P in K]?: string }, key: K, value: string | undefined): void {
  if (value === undefined) delete one[key];
  else one[key] = value as (typeof one)[K];
}
