import { Failure, world } from '../diagnostics/diagnostic.ts';
import { secretFailure } from './secret-errors.ts';
import { type AwsSettings, awsClient } from './settings.ts';
import { withRetries } from './with-retries.ts';

/** Where secrets are in one account and region. Nothing is loaded or sent before the first read. */
export interface SecretStores {
  /**
   * The value of an SSM parameter, decrypted; a StringList as its text with commas. `name`: the name, the
   * ARN, or either with `:VERSION` or `:LABEL`. Rejects with a Failure that names parameter and permission.
   */
  parameter(name: string, signal?: AbortSignal): Promise<string>;
  /** The current text of a secret in Secrets Manager, by name or ARN. */
  secret(id: string, signal?: AbortSignal): Promise<string>;
  close(): void;
}

/** A value has a few kilobytes: whoever says nothing for so long has nothing to say. Milliseconds. */
const silence = 10_000;

export function connectSecrets(settings: AwsSettings): SecretStores {
  const closing = new AbortController();
  const clients: { destroy(): void }[] = [];
  const kept = <T extends { destroy(): void }>(client: T): T => {
    clients.push(client);
    return client;
  };
  const ssm = once(async () => {
    const sdk = await import('@aws-sdk/client-ssm');
    return { sdk, client: kept(awsClient(sdk.SSMClient, settings, silence)) };
  });
  const manager = once(async () => {
    const sdk = await import('@aws-sdk/client-secrets-manager');
    return { sdk, client: kept(awsClient(sdk.SecretsManagerClient, settings, silence)) };
  });
  const call = async <T>(
    about: { reference: string; action: string },
    run: (options: { abortSignal?: AbortSignal }) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> => {
    try {
      return await withRetries(
        abortSignal => run(abortSignal ? { abortSignal } : {}),
        { ...settings, closed: closing.signal },
        { signal },
      );
    } catch (error) {
      signal?.throwIfAborted();
      throw secretFailure(error, { ...about, region: settings.region, endpoint: settings.endpoint });
    }
  };
  return {
    async parameter(name, signal) {
      const { sdk, client } = await ssm();
      const about = { reference: `ssm:${name}`, action: 'ssm:GetParameter' };
      const { Parameter } = await call(
        about,
        options => client.send(new sdk.GetParameterCommand({ Name: name, WithDecryption: true }), options),
        signal,
      );
      return Parameter?.Value ?? '';
    },
    async secret(id, signal) {
      const { sdk, client } = await manager();
      const about = { reference: `secretsmanager:${id}`, action: 'secretsmanager:GetSecretValue' };
      const { SecretString } = await call(
        about,
        options => client.send(new sdk.GetSecretValueCommand({ SecretId: id }), options),
        signal,
      );
      if (SecretString !== undefined) return SecretString;
      throw new Failure(
        world('secret-missing', `the secret ${about.reference} can't be read: it holds bytes and no text`, {
          hint: 'store it as text (SecretString)',
        }),
      );
    },
    close() {
      closing.abort(new Error('the connection was closed'));
      for (const client of clients) client.destroy();
    },
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
