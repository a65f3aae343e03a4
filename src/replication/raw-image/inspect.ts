import type { FileStat, ReadFiles } from '../../io/ports.ts';
import { isUntouched, readSidecar, type Sidecar } from './sidecar.ts';

/** What is at an image's path. */
export interface ImageState {
  stat: FileStat | undefined;
  sidecar: Sidecar | undefined;
  /** The sidecar speaks of this very file and nobody touched it since. */
  trusted: boolean;
}

/** Looks at an image and its sidecar without reading the image. */
export async function inspectImage(files: ReadFiles, path: string): Promise<ImageState> {
  const [stat, sidecar] = await Promise.all([files.stat(path), readSidecar(files, path)]);
  return {
    stat,
    sidecar,
    trusted: stat?.kind === 'file' && sidecar !== undefined && isUntouched(sidecar, stat),
  };
}
