import { isUnreadable } from '../format/damage.ts';
import type { Point } from './point.ts';
import type { VmRepository } from './repository.ts';
import { selectPoint } from './select-point.ts';

/**
 * The newest point of a VM, in one read where its head can be read. Undefined: it never had one.
 *
 * @param name of the VM, for messages
 * @throws Failure `not-the-newest`, `points-broken` when a newer one than can be given was there
 */
export async function newestPoint(vm: VmRepository, name: string): Promise<Point | undefined> {
  const head = await vm.head().catch(error => {
    if (!isUnreadable(error)) throw error;
  });
  if (head) return vm.newest();
  const { points, lost } = await vm.history(() => {});
  return points.length + lost.length === 0
    ? undefined
    : selectPoint(points, 'latest', name, { points: lost });
}
