/** Where a connection goes to. */
export interface Destination {
  secure: boolean;
  /** Name or address, the latter without brackets. */
  host: string;
  port: number;
}

/** A host as it is compared: in lower case, an address without brackets. */
export const bare = (host: string): string => host.replace(/^\[|\]$/g, '').toLowerCase();

/** A name without the dot of the root at its end. */
export const rooted = (host: string): string => host.replace(/\.$/, '');
