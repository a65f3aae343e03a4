import { Failure, world } from '../diagnostics/diagnostic.ts';
import { own } from '../diagnostics/own-words.ts';
import { codeOf, toFailure } from './errors.ts';

/** Which secret a call was about. */
export interface AboutSecret {
  /** `ssm:/shop/db` or `secretsmanager:shop/db`. */
  reference: string;
  /** The permission that the call takes. */
  action: string;
  region: string;
  endpoint: string | undefined;
}

/**
 * What the user is told about a secret that was not read. Both services answer a missing permission with
 * status 400 and AccessDeniedException, for the key in KMS as well; only the message tells which.
 */
export function secretFailure(error: unknown, { reference, action, region, endpoint }: AboutSecret): Failure {
  if (error instanceof Failure) return error;
  const code = codeOf(error);
  const store = reference.startsWith('ssm:') ? 'Parameter Store' : 'Secrets Manager';
  const where = endpoint ?? `${store} in ${region}`;
  const name = reference.slice(reference.indexOf(':') + 1);
  const missing = (why: string, hint: string) =>
    new Failure(world('secret-missing', own`the secret ${reference} can't be read: ${why}`, { hint }));
  switch (code) {
    case 'ParameterNotFound':
      return missing(
        `${where} has no parameter ${name}`,
        'check its name, and the region of the aws target; `aws ssm put-parameter --type SecureString` makes one',
      );
    case 'ParameterVersionNotFound':
      return missing(`${where} has no such version or label of ${name}`, 'check what follows the colon');
    case 'ResourceNotFoundException':
      return missing(
        `${where} has no secret ${name}, or none with a current value`,
        'check its name, and the region of the aws target; `aws secretsmanager create-secret` makes one',
      );
    case 'InvalidRequestException':
      return missing(
        `${where} says that it can't be used now; it may be scheduled for deletion`,
        'restore it',
      );
  }
  const message = error instanceof Error ? error.message : '';
  if (needsKey(code, message))
    return new Failure(
      world('aws-access-denied', `${where} could not decrypt ${reference}: kms:Decrypt is not allowed.`, {
        hint: 'Allow kms:Decrypt on the key that encrypts it, in the IAM policy of these credentials and in the policy of the key.',
      }),
      { cause: error },
    );
  return toFailure(error, {
    service: store,
    action,
    region,
    thing: reference,
    ...(endpoint !== undefined && { endpoint }),
  });
}

/** Messages as users of both services have reported them; the codes are of their API references. */
const needsKey = (code: string, message: string): boolean =>
  code === 'InvalidKeyId' ||
  code === 'DecryptionFailure' ||
  (code === 'AccessDeniedException' &&
    /perform: kms:|access to kms|customer master key|ciphertext/i.test(message));
