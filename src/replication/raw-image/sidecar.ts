import type { FileStat, Files, ReadFiles } from '../../io/ports.ts';
import type { Point, PointDisk } from '../model/point.ts';
import type { Repository } from '../model/repository.ts';

/** Which disk of which point an image holds. */
export interface ImageContent {
  repository: string;
  /** UUID. */
  vm: string;
  index: number;
  /** Identity of the disk: another one at the same index is another image. */
  disk: string;
  point: string;
  generation: number;
  /** Milliseconds since the epoch: creation of the point's snapshot. */
  time: number;
}

/**
 * What is known of an image, in a file beside it. `writing`: anything may be in the image. `whole`: it
 * held exactly that content when its numbers were these. Numbers of 64 bits are decimal strings.
 */
export type Sidecar = ImageContent &
  ({ state: 'writing' } | { state: 'whole'; size: number; mtimeNs: string; ctimeNs: string; inode: string });

export const sidecarPath = (image: string): string => `${image}.converge.json`;

export const contentOf = (repository: Repository, point: Point, disk: PointDisk): ImageContent => ({
  repository: repository.id,
  vm: point.vm.uuid,
  index: disk.index,
  disk: disk.identity,
  point: point.id,
  generation: point.generation,
  time: point.time,
});

/**
 * Whether an image would go back: it holds, or was being made from, a newer point. In one repository a point
 * that is newer by number is newer whatever clocks say, and one that is older by number is newer when it came
 * after points were lost. Points of different VMs or repositories have only their times.
 */
export function isNewer(held: ImageContent, { repository, vm, generation, time }: ImageContent): boolean {
  const alike = held.repository === repository && held.vm === vm;
  return held.time > time && (!alike || held.generation > generation);
}

/** For people. */
export const describeContent = ({ generation, time }: ImageContent): string =>
  `point ${generation} of ${new Date(time).toISOString()}`;

/** The sidecar of `image`; undefined when there is none or none that can be understood. */
export async function readSidecar(files: ReadFiles, image: string): Promise<Sidecar | undefined> {
  const bytes = await files.read(sidecarPath(image));
  try {
    const sidecar = bytes && (JSON.parse(bytes.toString('utf8')) as Sidecar & { version: number });
    return sidecar?.version === 1 && isTime(sidecar.time) && Number.isSafeInteger(sidecar.generation)
      ? sidecar
      : undefined;
  } catch {
    return undefined;
  }
}

const isTime = (time: unknown): boolean =>
  typeof time === 'number' && !Number.isNaN(new Date(time).getTime());

/** Durable when it resolves. */
export const writeSidecar = (files: Files, image: string, sidecar: Sidecar): Promise<void> =>
  files.writeAtomic(
    sidecarPath(image),
    Buffer.from(`${JSON.stringify({ version: 1, ...sidecar }, null, 2)}\n`),
    { private: true },
  );

/** A sidecar that says: whole, as the file is now. */
export const wholeAs = (content: ImageContent, { size, mtimeNs, ctimeNs, inode }: FileStat): Sidecar => ({
  ...content,
  state: 'whole',
  size,
  mtimeNs: String(mtimeNs),
  ctimeNs: String(ctimeNs),
  inode: String(inode),
});

/** Whether the file is untouched since the sidecar called it whole. */
export const isUntouched = (sidecar: Sidecar, stat: FileStat): boolean =>
  sidecar.state === 'whole' &&
  sidecar.size === stat.size &&
  sidecar.mtimeNs === String(stat.mtimeNs) &&
  sidecar.ctimeNs === String(stat.ctimeNs) &&
  sidecar.inode === String(stat.inode);
