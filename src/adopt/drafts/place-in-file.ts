/** A place in the files given, for leftovers and comments. */
export interface Place {
  file: string;
  line: number;
}
