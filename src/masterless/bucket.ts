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
