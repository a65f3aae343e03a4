import type { Role } from '../instance/role.ts';

/** A request whose signature was found right. */
export interface AwsRequest {
  method: string;
  /** As it came, percent-encoded, without its query. */
  path: string;
  query: URLSearchParams;
  /** Lower-case names. */
  headers: ReadonlyMap<string, string>;
  body: Buffer;
  /** SHA-256 of the body, hex; computed once. */
  digest(): string;
  /** Of the answer. */
  id: string;
  /** Undefined: the account itself asks. */
  role: Role | undefined;
}

export interface AwsAnswer {
  status: number;
  headers: Record<string, string>;
  body: string | Buffer;
}

/** A service behind the lab's endpoint. */
export interface AwsService {
  /** Undefined: the connection is to drop. Throws ApiError. */
  answer(request: AwsRequest): Promise<AwsAnswer | undefined>;
}
