import type { ListedVm } from '../../vsphere/client/connect.ts';

/**
 * The title that a VM has in manifests: its name, or its instance UUID when another VM has that name in any
 * case, or when a manifest can't hold it.
 */
export function titlesOf(all: readonly ListedVm[]): (vm: ListedVm) => string {
  const counts = new Map<string, number>();
  for (const { name } of all) counts.set(name.toLowerCase(), (counts.get(name.toLowerCase()) ?? 0) + 1);
  return ({ name, uuid }) =>
    counts.get(name.toLowerCase()) === 1 && name !== '' && !/\p{Cc}|\$\{/u.test(name) ? name : uuid;
}
