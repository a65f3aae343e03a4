import type { Point } from '../../src/replication/model/point.ts';
import type { Repository } from '../../src/replication/model/repository.ts';

/** All bytes of one disk of a point, block by block through the reader. */
export async function restored(repository: Repository, point: Point, index: number): Promise<Buffer> {
  const disk = point.disks.find(d => d.index === index);
  if (disk === undefined) throw new Error(`point ${point.id} has no disk ${index}`);
  const reader = await repository.vm(point.vm.uuid).reader(point, disk);
  const blocks: Buffer[] = [];
  for (let i = 0; i < reader.map.blocks; i++) blocks.push(await reader.block(i));
  return Buffer.concat(blocks);
}
