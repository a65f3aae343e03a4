import { ApiError } from '../aws-model/error.ts';

/**
 * An error of EBS direct: a class of them has a reason besides. Source: EBS direct APIs reference, "Errors".
 */
export class EbsError extends ApiError {
  readonly reason: string | undefined;
  constructor(status: number, code: string, message: string, reason?: string) {
    super(code, message, status);
    this.reason = reason;
  }
}

export const invalid = (reason: string, message: string) =>
  new EbsError(400, 'ValidationException', message, reason);

export const notFound = (id: string) =>
  new EbsError(
    404,
    'ResourceNotFoundException',
    `The snapshot '${id}' does not exist.`,
    'SNAPSHOT_NOT_FOUND',
  );
