import { ApiError } from '../aws-model/error.ts';
import type { Operations } from './operations.ts';
import type { Vault } from './vault.ts';

const validName = /^[A-Za-z0-9/_+=.@-]{1,512}$/;

/** The operations of Secrets Manager that secrets take. Source: AWS Secrets Manager API reference. */
export const secretOperations: Operations = {
  async CreateSecret({ Name, SecretString, SecretBinary }, { vault, clock, random, region, account }) {
    if (typeof Name !== 'string' || !validName.test(Name))
      throw new ApiError('ValidationException', 'Invalid name.');
    return vault.change(({ secrets }) => {
      if (Object.hasOwn(secrets, Name))
        throw new ApiError(
          'ResourceExistsException',
          'The operation failed because the secret already exists.',
        );
      const suffix = random.bytes(6).toString('base64url').slice(0, 6).replace(/[-_]/g, 'x');
      const arn = `arn:aws:secretsmanager:${region}:${account}:secret:${Name}-${suffix}`;
      const version = random.uuid();
      secrets[Name] = { arn, version, created: clock.now(), ...content(SecretString, SecretBinary) };
      return { ARN: arn, Name, VersionId: version };
    });
  },

  async PutSecretValue({ SecretId, SecretString, SecretBinary }, { vault, clock, random }) {
    return vault.change(state => {
      const [name, { arn }] = find(state, SecretId);
      const version = random.uuid();
      state.secrets[name] = { arn, version, created: clock.now(), ...content(SecretString, SecretBinary) };
      return { ARN: arn, Name: name, VersionId: version, VersionStages: ['AWSCURRENT'] };
    });
  },

  async GetSecretValue({ SecretId, VersionStage = 'AWSCURRENT' }, { vault }) {
    const [name, found] = find(await vault.read(), SecretId);
    if (VersionStage !== 'AWSCURRENT' || (found.text === undefined && found.binary === undefined))
      throw notFound(
        `Secrets Manager can't find the specified secret value for staging label: ${VersionStage}`,
      );
    return {
      ARN: found.arn,
      Name: name,
      VersionId: found.version,
      VersionStages: ['AWSCURRENT'],
      CreatedDate: found.created / 1000,
      ...(found.text !== undefined && { SecretString: found.text }),
      ...(found.binary !== undefined && { SecretBinary: found.binary }),
    };
  },
};

const notFound = (message = "Secrets Manager can't find the specified secret.") =>
  new ApiError('ResourceNotFoundException', message);

function content(text: unknown, binary: unknown): { text?: string; binary?: string } {
  return { ...(typeof text === 'string' && { text }), ...(typeof binary === 'string' && { binary }) };
}

/** By name, by whole ARN, or by ARN without its six random characters. */
function find({ secrets }: Vault, id: unknown): [string, Vault['secrets'][string]] {
  const hit = Object.entries(secrets).find(
    ([name, { arn }]) => id === name || id === arn || id === arn.slice(0, -7),
  );
  if (hit) return hit;
  throw notFound();
}
