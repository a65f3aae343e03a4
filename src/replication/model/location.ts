/** Where a section is in its object, bytes. */
export interface Span {
  offset: number;
  length: number;
}

/** Where a block lies. */
export interface Location extends Span {
  /** Id of the pack. */
  pack: string;
}
