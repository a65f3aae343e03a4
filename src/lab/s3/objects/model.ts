import type { Checksum, ChecksumType } from '../protocol/checksums.ts';

/** A piece of content on disk. An object is the pieces one after another. */
export interface Blob {
  id: string;
  /** Bytes. */
  size: number;
}

/** What the writer of an object said about it, given back on reading. */
export interface Described {
  /** content-type and its kind, lower case. */
  headers: Record<string, string>;
  /** x-amz-meta-*, without the prefix. */
  metadata: Record<string, string>;
  tags: Record<string, string>;
}

/** Object Lock of a version. */
export interface Retention {
  mode: 'GOVERNANCE' | 'COMPLIANCE';
  /** Milliseconds since the epoch. */
  until: number;
}

export interface ObjectVersion extends Described {
  kind: 'object';
  /** `null` for what was written while versioning was not on. */
  versionId: string;
  /** Milliseconds since the epoch. */
  modified: number;
  size: number;
  /** Without the quotes. */
  etag: string;
  blobs: Blob[];
  checksum?: Checksum;
  retention?: Retention;
  /** Sizes of the parts of a multipart object. */
  parts?: number[];
}

export interface DeleteMarker {
  kind: 'marker';
  versionId: string;
  modified: number;
}

export type Version = ObjectVersion | DeleteMarker;

/** All versions of one key, newest first; never empty. */
export interface KeyRecord {
  key: string;
  versions: Version[];
}

/** Sub-resources of a bucket that are kept as the documents they came as. */
export type Configuration =
  | 'lifecycle'
  | 'policy'
  | 'publicAccessBlock'
  | 'encryption'
  | 'object-lock'
  | 'tagging'
  | 'ownershipControls';

export interface BucketRecord {
  name: string;
  created: number;
  /** `foreign`: somebody else's, planted; all that can be learnt of it is that the name is taken. */
  owner: 'self' | 'foreign';
  versioning?: 'Enabled' | 'Suspended';
  configuration: Partial<Record<Configuration, string>>;
}

export interface Part {
  number: number;
  blob: Blob;
  etag: string;
  modified: number;
  checksum?: Checksum;
}

export interface UploadRecord extends Described {
  id: string;
  key: string;
  initiated: number;
  checksumAlgorithm?: Checksum['algorithm'];
  checksumType?: ChecksumType;
  parts: Part[];
}
