import type { ObjectStore } from '../replication/model/store.ts';
import type { S3Url } from '../values/s3-url.ts';

/** Where content comes from; `url` is the text as written. */
export type Location = WebLocation | S3Location;

/** `http://` or `https://`. */
export interface WebLocation {
  kind: 'web';
  url: string;
}

/** `s3://`; `target` names the aws target of several. */
export interface S3Location {
  kind: 's3';
  url: string;
  place: S3Url;
  target?: string;
}

/** What a server calls one version of its content; sent back to ask whether it is still that one. */
export interface Validators {
  etag?: string;
  /** As the server wrote it. */
  modified?: string;
}

/** An answer that has begun. Whoever doesn't read `body` to its end calls `close`. */
export interface Opened extends Validators {
  /** Bytes, when the server says so. A body that ends before rejects. */
  size?: number;
  /** Media type, without parameters. */
  type?: string;
  body: AsyncIterable<Buffer>;
  close(): void;
}

export interface Content {
  /**
   * Asks once, with what is `known` as a condition. Rejects with a Failure for all that isn't the content:
   * not found, refused, unreachable, a redirect that would give up encryption.
   */
  open(
    location: Location,
    options: { known?: Validators; signal: AbortSignal },
  ): Promise<Opened | 'unchanged'>;
  /** The objects below `s3://BUCKET/PREFIX`. */
  store(location: S3Location): Promise<ObjectStore>;
}

declare module '../engine/model/io.ts' {
  interface Clients {
    content: Content;
  }
}
