import { ApiError } from '../aws-model/error.ts';
import { checkFaultRule, type FaultKind, stillWaiting } from '../model/fault-rule.ts';

/**
 * What to do to the next `times` calls (default 1): `throttled`, `internal-error`, `access-denied` (of the
 * operation), `kms-denied` (of the key), `reset`. `clear` takes all rules back.
 * `operation`: only this one.
 */
export interface ApiFaultRule {
  kind: 'throttled' | 'internal-error' | 'access-denied' | 'kms-denied' | 'reset' | 'clear';
  operation?: string;
  times?: number;
}

const takes = ['operation'];
const kinds: Record<ApiFaultRule['kind'], FaultKind> = {
  throttled: { takes },
  'internal-error': { takes },
  'access-denied': { takes },
  'kms-denied': { takes },
  reset: { takes },
  clear: {},
};

export class ApiFaults {
  #rules: { rule: ApiFaultRule; left: number }[] = [];

  /** Throws a Failure for a rule that it doesn't know. */
  add(rule: ApiFaultRule): void {
    checkFaultRule('secrets', rule, kinds);
    if (rule.kind === 'clear') this.#rules = [];
    else this.#rules.push({ rule, left: rule.times ?? 1 });
  }

  waiting(): ApiFaultRule[] {
    return stillWaiting(this.#rules);
  }

  take(operation: string): Exclude<ApiFaultRule['kind'], 'clear'> | undefined {
    const hit = this.#rules.find(({ rule }) => rule.operation === undefined || rule.operation === operation);
    if (hit && --hit.left <= 0) this.#rules = this.#rules.filter(each => each !== hit);
    return hit?.rule.kind === 'clear' ? undefined : hit?.rule.kind;
  }
}

/** The error that a fault stands for; `service` as IAM writes it. */
export function faultError(
  kind: Exclude<ApiFaultRule['kind'], 'reset' | 'clear'>,
  service: string,
  operation: string,
) {
  switch (kind) {
    case 'throttled':
      return new ApiError('ThrottlingException', 'Rate exceeded');
    case 'internal-error':
      return new ApiError('InternalServerError', 'An error occurred on the server side.', 500);
    case 'access-denied':
      return new ApiError(
        'AccessDeniedException',
        `User: arn:aws:iam::123456789012:user/lab is not authorized to perform: ${service}:${operation}`,
      );
    case 'kms-denied':
      return new ApiError(
        'AccessDeniedException',
        service === 'ssm'
          ? 'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.'
          : 'Access to KMS is not allowed',
      );
  }
}
