/** What a code says and what to do about it, in one sentence or two each; docs/codes.md is made of them. */
export interface Meaning {
  means: string;
  wayOut: string;
}

export type Meanings = Readonly<Record<string, Meaning>>;
