/** One object in S3. */
export interface S3Object {
  bucket: string;
  key: string;
}

/** A bucket, or what begins with a prefix in it. */
export interface S3Prefix {
  bucket: string;
  /** Without slashes around it; empty for the whole bucket. */
  prefix: string;
  /** The one spelling: `s3://BUCKET` or `s3://BUCKET/PREFIX`. */
  url: string;
}

/** Whether a text means to be the URL of something in S3, right or wrong. */
export const isS3Url = (text: string): boolean => /^s3:\/\//i.test(text.trim());

/** Undefined for what names no object. The scheme may have any case, bucket and key keep theirs. */
export function parseS3Object(text: string): S3Object | undefined {
  const { bucket, rest } = partsOf(text) ?? {};
  return bucket === undefined || !rest ? undefined : { bucket, key: rest };
}

/** Undefined for what names no bucket. `s3://b/p` and `S3://b/p/` are one place. */
export function parseS3Prefix(text: string): S3Prefix | undefined {
  const parts = partsOf(text);
  return parts && s3Prefix(parts.bucket, parts.rest);
}

/** @param prefix with or without slashes around it */
export function s3Prefix(bucket: string, prefix: string): S3Prefix {
  const trimmed = prefix.replace(/^\/+|\/+$/g, '');
  return { bucket, prefix: trimmed, url: `s3://${bucket}${trimmed === '' ? '' : `/${trimmed}`}` };
}

function partsOf(text: string): { bucket: string; rest: string } | undefined {
  const [, bucket, rest = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/is.exec(text.trim()) ?? [];
  return bucket === undefined ? undefined : { bucket, rest };
}
