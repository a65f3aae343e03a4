/** One file of a bundle. */
export interface BundleFile {
  /** Below the bundle, `/` between parts. */
  path: string;
  bytes: Uint8Array;
}

const byPath = (a: BundleFile, b: BundleFile) => (a.path < b.path ? -1 : 1);

/** In the one order that doesn't depend on the machine: by code units of the path. */
export const sorted = (files: readonly BundleFile[]): BundleFile[] => [...files].sort(byPath);
