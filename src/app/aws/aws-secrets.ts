import type { SecretStores } from '../../aws/secrets.ts';
import { Failure, given, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { CallLedger } from '../../engine/model/calls.ts';
import { type CatalogTarget, isSecretRef, type SecretRef } from '../../engine/model/catalog.ts';
import type { AwsAccess } from './aws-access.ts';

/** Whether reading it takes a call to AWS. */
export const isAwsSecret = ({ $secret }: SecretRef): boolean => /^(ssm|secretsmanager):/.test($secret);

export interface AwsSecrets {
  /** The value first; after it any larger text that it was cut from, which is as secret. */
  read(reference: SecretRef): Promise<string[]>;
  close(): void;
}

/** Reads `ssm:` and `secretsmanager:` once per run each, by the aws target of the manifests. */
export function awsSecrets(options: {
  aws: AwsAccess;
  targets: readonly CatalogTarget[];
  calls: CallLedger;
  signal: AbortSignal;
}): AwsSecrets {
  const stores = new Map<string, Promise<SecretStores>>();
  const texts = new Map<string, Promise<string>>();

  const storeOf = (reference: SecretRef): Promise<SecretStores> => {
    const [target, region] = placeOf(reference, options.targets);
    const name = target?.name ?? 'aws';
    const known = stores.get(`${name} ${region}`);
    if (known) return known;
    const opening = open(target, region, name);
    stores.set(`${name} ${region}`, opening);
    return opening;
  };
  const open = async (target: CatalogTarget | undefined, region: string | undefined, name: string) => {
    const [{ connectSecrets }, settings] = await Promise.all([
      import('../../aws/secrets.ts'),
      options.aws.api(target, options.calls.counter(name), region),
    ]);
    return connectSecrets(settings);
  };
  return {
    async read(reference) {
      const { service, name, key } = partsOf(reference);
      const store = `${service}:${name}`;
      const reading =
        texts.get(store) ??
        storeOf(reference).then(stores =>
          service === 'ssm' ? stores.parameter(name, options.signal) : stores.secret(name, options.signal),
        );
      texts.set(store, reading);
      // A later read may find that it is allowed now, or there.
      reading.catch(() => texts.delete(store));
      const text = await reading;
      if (key === undefined) return [nonEmpty(text, reference)];
      return [nonEmpty(member(text, key, reference), reference), text];
    },
    close() {
      for (const opening of stores.values()) opening.then(store => store.close()).catch(() => {});
    },
  };
}

function partsOf({ $secret }: SecretRef): { service: string; name: string; key?: string } {
  const [, service = '', name = '', key] = /^(\w+):([^#]*)(?:#(.+))?$/s.exec($secret) ?? [];
  return { service, name, ...(key !== undefined && { key }) };
}

/**
 * The target to ask, and the region where an ARN says one: the one aws target; of several the one in the
 * region of the ARN. Without any, the default chain of AWS. Throws a Failure when that doesn't tell.
 */
function placeOf(
  reference: SecretRef,
  targets: readonly CatalogTarget[],
): [CatalogTarget | undefined, string | undefined] {
  const region = /^arn:[\w-]+:[\w-]+:([a-z0-9-]+):/.exec(partsOf(reference).name)?.[1];
  // A target with an endpoint is another S3 service, and does not know secrets.
  const aws = targets.filter(({ type, properties }) => type === 'aws' && properties.endpoint === undefined);
  const there =
    aws.length > 1 && region !== undefined ? aws.filter(t => t.properties.region === region) : aws;
  if (there.length > 1 || (aws.length > 1 && there.length === 0)) {
    throw new Failure(
      given(
        'ambiguous-target',
        `${reference.$secret}: there are several aws targets: ${aws.map(({ name }) => name).join(', ')}`,
        {
          hint: 'name the secret by its ARN: its region says which target; or read it from `env:` or `file:`',
        },
      ),
    );
  }
  const [target] = there;
  const own = target?.properties.secret_access_key;
  if (target && isSecretRef(own) && isAwsSecret(own)) {
    throw new Failure(
      given(
        'secret-circle',
        `${reference.$secret}: the key of the aws target ${target.name} is behind itself`,
        {
          at: target.at,
          hint: 'give `secret_access_key` by `env:` or `file:`, or use a profile or an instance role',
        },
      ),
    );
  }
  return [target, region];
}

/** One member of a secret that is a JSON object. Says nothing of what else is in it. */
function member(text: string, key: string, { $secret }: SecretRef): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {}
  const wrong = (why: string) =>
    new Failure(
      world('secret-missing', own`the secret ${$secret} can't be read: ${why}`, {
        hint: own`leave out \`#KEY\` for the whole text`,
      }),
    );
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong('it is not a JSON object');
  if (!Object.hasOwn(value, key)) throw wrong(`its JSON object has no ${key}`);
  const found = (value as Record<string, unknown>)[key];
  if (typeof found === 'string') return found;
  if (typeof found === 'number' || typeof found === 'boolean') return String(found);
  throw wrong(`${key} of its JSON object is neither text nor a number`);
}

function nonEmpty(text: string, { $secret }: SecretRef): string {
  if (text !== '') return text;
  throw new Failure(world('secret-missing', `the secret ${$secret} is empty`, { hint: 'give it a value' }));
}
