/**
 * A member of a structure. `in` and `out`: its name on the wire, where it isn't what the protocol makes of
 * it.
 */
export interface Member {
  shape: string;
  in?: string;
  out?: string;
  /** Where a REST service has it; in the body without. */
  at?: 'uri' | 'header' | 'querystring';
}

export interface Structure {
  type: 'structure';
  members: Record<string, Member>;
  required?: string[];
  /** The member that is the whole body. */
  payload?: string;
}

export interface Scalar {
  type: 'string' | 'integer' | 'long' | 'float' | 'double' | 'boolean' | 'timestamp' | 'blob';
  enum?: string[];
  /** Of a number its value, of a text its length. */
  min?: number;
  max?: number;
  pattern?: string;
  /** Of a timestamp: `iso8601`, `unixTimestamp`. */
  format?: string;
}

/** `item`: the name of a list's elements in XML. */
export type Shape =
  | Structure
  | { type: 'list'; member: string; item?: string }
  | { type: 'map'; key: string; value: string }
  | Scalar;

/** An extract of one service's model (`tools/aws-model.ts`): what goes over the wire, and in which form. */
export interface AwsModel {
  /** `botocore 1.44.8` */
  source: string;
  apiVersion: string;
  /** `http`: method, path with `{member}`, status of success. */
  operations: Record<string, { input?: string; output?: string; http?: [string, string, number] }>;
  shapes: Record<string, Shape>;
}
