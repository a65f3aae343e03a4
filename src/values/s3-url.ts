declare const canonical: unique symbol;

/** The one spelling, `s3://BUCKET` or `s3://BUCKET/PREFIX`. Only this file makes one. */
export type CanonicalS3Url = string & { readonly [canonical]: true };

/**
 * What a URL of S3 names, parsed once where it is given: a bucket, what begins with a prefix in it, or one
 * object; which of them is for its reader to say. Plain data.
 */
export type S3Url = Readonly<{
  bucket: string;
  /** All after the bucket's slash, as written; empty where no object is named. */
  key: string;
  /** The same without slashes around it; empty for the whole bucket. */
  prefix: string;
  canonical: CanonicalS3Url;
}>;

/** Whether a text means to be the URL of something in S3, right or wrong. */
export const isS3Url = (text: string): boolean => /^s3:\/\//i.test(text.trim());

/**
 * Undefined for what names no bucket. The scheme may have any case, bucket and key keep theirs; `s3://b/p`
 * and `S3://b/p/` are one prefix.
 */
export function parseS3Url(text: string): S3Url | undefined {
  const [, bucket, key = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/is.exec(text.trim()) ?? [];
  return bucket === undefined ? undefined : s3Url(bucket, key);
}

/** @param key of an object, or a prefix with or without slashes around it; empty for the whole bucket */
export function s3Url(bucket: string, key = ''): S3Url {
  const prefix = key.replace(/^\/+|\/+$/g, '');
  const text = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`;
  return { bucket, key, prefix, canonical: text as CanonicalS3Url };
}
