import { ApiError } from '../../aws-model/error.ts';
import type { Ec2Actions, Ec2Call } from './call.ts';
import type { LabSnapshot } from './state.ts';
import type { Draft } from './world.ts';

/** The key that EBS encrypts with where nobody names one: that of AWS for the account. */
export const defaultKey = ({ region, account }: Pick<Draft, 'region' | 'account'>): string =>
  `arn:aws:kms:${region}:${account}:key/0e5a1ab0-0000-4000-8000-000000000eb5`;

const isKey = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key|alias)\/.+$|^[0-9a-f-]{36}$|^alias\/.+$/;

/**
 * The key that a new volume or copy is encrypted with, undefined for none: what is asked for, else that of
 * its source, else the account's default. An encrypted source never becomes plain. Throws ApiError.
 * Source: Amazon EBS user guide, "Amazon EBS encryption", "Encryption by default".
 */
export function keyFor(
  { state, region, account }: Pick<Draft, 'state' | 'region' | 'account'>,
  asked: { asked?: boolean | undefined; key?: string | undefined; source?: LabSnapshot | undefined },
): string | undefined {
  const { source, key } = asked;
  if (key !== undefined && !isKey.test(key))
    throw new ApiError('InvalidParameterValue', `The KMS key ID ${key} is malformed`);
  if (key !== undefined && asked.asked !== true)
    throw new ApiError(
      'InvalidParameterDependency',
      'The parameter KmsKeyId requires the parameter Encrypted to be set.',
    );
  if (key !== undefined) return key;
  if (source?.encrypted) return source.key;
  return (asked.asked ?? false) || state.encryptByDefault ? defaultKey({ region, account }) : undefined;
}

export const encryptionActions = {
  GetEbsEncryptionByDefault: (_: object, { state }: Ec2Call) => ({
    EbsEncryptionByDefault: state.encryptByDefault,
    SseType: state.encryptByDefault ? 'sse-ebs' : 'none',
  }),
  EnableEbsEncryptionByDefault(_: object, { state }: Ec2Call) {
    state.encryptByDefault = true;
    return { EbsEncryptionByDefault: true };
  },
  DisableEbsEncryptionByDefault(_: object, { state }: Ec2Call) {
    state.encryptByDefault = false;
    return { EbsEncryptionByDefault: false };
  },
  GetEbsDefaultKmsKeyId: (_: object, call: Ec2Call) => ({ KmsKeyId: defaultKey(call) }),
} satisfies Ec2Actions;
