/**
 * What an instance does with the bucket that configures it, and no more: its policy allows reading
 * its own content and writing its own report. Missing objects answer `undefined`; S3 answers 403
 * for them to whoever may not list the bucket, which is a Failure that says so.
 */
export interface ContentBucket {
  /** `s3://bucket/prefix`, without a slash at its end. */
  readonly url: string;
  /** With `known`, the ETag of what is here already, an unchanged object answers `unchanged` (304). */
  get(key: string, known?: string): Promise<{ bytes: Buffer; etag: string } | 'unchanged' | undefined>;
  /** Writes over what was there. */
  put(key: string, bytes: Buffer): Promise<void>;
}

/** An object as a listing shows it. */
export interface Listed {
  key: string;
  /** Bytes. */
  size: number;
  /** Equal ETags mean equal content. */
  etag: string;
  /** Milliseconds since the epoch, by the bucket's clock. */
  modified: number;
}

/** What the operator's side does with the same bucket: it may list, and announces by compare and swap. */
export interface FleetBucket {
  readonly url: string;
  list(prefix: string): AsyncIterable<Listed>;
  /** What there is of the range, bytes; `end` exclusive. */
  get(
    key: string,
    options?: { range?: { start: number; end: number } },
  ): Promise<{ bytes: Buffer; etag: string } | undefined>;
  /** `ok: false`: somebody else wrote first. */
  put(
    key: string,
    bytes: Buffer,
    options: { when: { ifNoneMatch: '*' } | { ifMatch: string } },
  ): Promise<{ ok: true; etag: string } | { ok: false }>;
}
