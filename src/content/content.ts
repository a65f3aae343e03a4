import type { ObjectStore } from '../replication/model/store.ts';

/** Where content comes from: `http://`, `https://` or `s3://`; `target` names the aws target of several. */
export interface Location {
  url: string;
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
  store(location: Location): Promise<ObjectStore>;
}

declare module '../engine/model/io.ts' {
  interface Clients {
    content: Content;
  }
}
