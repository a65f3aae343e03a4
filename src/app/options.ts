import type { ReadFiles } from '../io/ports.ts';

/** Where a command works, and what its manifests are compiled with. */
export interface CommonOptions {
  /** The lab's folder, or true for the usual one; undefined: the real world. */
  lab?: string | true;
  /** Folder for memory and reports. */
  state?: string;
  /** How long to wait for another run, ms. */
  lockTimeout: number;
  /** The data layer. */
  env?: string;
  /** `NAME=VALUE`, above every data layer. */
  set?: string[];
}

/** Selectors: a type, an address, a glob of one, or `label:NAME`. */
export interface SelectOptions {
  only?: string[];
  except?: string[];
}

/** Which repository: its URL, or that of manifests, which also say how to reach it. */
export interface RepositoryOptions {
  /** Manifests. */
  paths?: string[];
  /** `s3://BUCKET/PREFIX` or `file:///FOLDER`. */
  repository?: string;
  /** `env:NAME`, `file:PATH` or `credential:NAME`. */
  key?: string;
  /** Of AWS, before what a manifest or the environment says. */
  region?: string;
  profile?: string;
  endpoint?: string;
}

/** Files that names are relative to a folder of. */
export interface ContentFiles {
  files: ReadFiles;
  /** Absolute. */
  cwd: string;
}
