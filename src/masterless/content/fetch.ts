import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { Clock } from '../../io/ports.ts';
import { retry } from '../../io/retry.ts';
import { sha256 } from '../../values/digest.ts';
import { openStatement, type Statement } from '../trust/envelope.ts';
import type { TrustedKey } from '../trust/keys.ts';
import { type Asking, contentNames, isContentOf, refusal, signatureName } from './accept.ts';
import type { ContentBucket } from './bucket.ts';

/** What an instance is to be, as fetched. */
export interface Content {
  /** `ENV.yaml` or `ENV.zip`. */
  name: string;
  bytes: Buffer;
  /** SHA-256 of the bytes, hex. */
  sha256: string;
  /** Who vouches for it; left out when it was taken unsigned, which was asked for. */
  signed?: { statement: Statement; file: Buffer; sha256: string };
}

/** Signature and content are two objects: between the two writes a reader sees one old and one new. */
const policy = { attempts: 4, first: 1000, cap: 3000 };

/**
 * The content that a trusted key has signed for this environment, verified: the bytes given back are
 * those that were hashed. Throws a Failure when there is none, or when it may not be taken.
 */
export async function fetchSigned(
  bucket: ContentBucket,
  asking: Asking,
  trusted: readonly TrustedKey[],
  { clock, signal }: { clock: Clock; signal?: AbortSignal },
): Promise<Content> {
  const { environment } = asking;
  const name = signatureName(environment);
  const isApart = ({ statement, content }: Fetched) => !belongs(statement, content);
  const options = { clock, signal, isNotYet: isApart };
  const { file, statement, signature, content } = await retry(policy, options, async (): Promise<Fetched> => {
    const file = await bucket.get(name);
    if (!file || file === 'unchanged') throw await missing(bucket, name, environment);
    const statement = openStatement(file.bytes, `${bucket.url}/${name}`, trusted);
    const signature = sha256(file.bytes);
    const no = refusal(statement, signature, asking);
    if (no) throw new Failure(no);
    const content = await bucket.get(statement.name);
    return { file: file.bytes, statement, signature, content };
  });
  if (!belongs(statement, content))
    throw new Failure(notWhatWasSigned(bucket, statement, content !== undefined));
  const signed = { statement, file, sha256: signature };
  return { name: statement.name, bytes: content.bytes, sha256: statement.sha256, signed };
}

interface Fetched {
  file: Buffer;
  statement: Statement;
  signature: string;
  content: Got;
}

type Got = Awaited<ReturnType<ContentBucket['get']>>;

const belongs = (statement: Statement, content: Got): content is Exclude<Got, 'unchanged' | undefined> =>
  content !== undefined && content !== 'unchanged' && isContentOf(statement, content.bytes);

/** Takes what is in the bucket on trust. Only for `--insecure-unsigned`. */
export async function fetchUnsigned(bucket: ContentBucket, environment: string): Promise<Content> {
  let denied: unknown;
  for (const name of contentNames(environment)) {
    const found = await bucket.get(name).catch((error: unknown) => {
      // It may only be missing, and the other name be there.
      if (!isDenied(error)) throw error;
      denied ??= error;
    });
    if (found && found !== 'unchanged') return { name, bytes: found.bytes, sha256: sha256(found.bytes) };
  }
  if (denied) throw denied;
  throw new Failure(
    world('content-not-found', `${bucket.url} has nothing for the environment ${environment}`, {
      hint: `upload ${contentNames(environment).join(' or ')}`,
    }),
  );
}

async function missing(bucket: ContentBucket, name: string, environment: string): Promise<Failure> {
  const unsigned = await fetchUnsigned(bucket, environment).catch(() => undefined);
  return new Failure(
    unsigned
      ? world(
          'signature-missing',
          `${bucket.url}/${unsigned.name} is there, but nothing signs it: ${name} is missing`,
          {
            hint: 'run `converge sign` on it; --insecure-unsigned takes it on trust',
          },
        )
      : world(
          'content-not-found',
          `${bucket.url} has nothing for the environment ${environment}: no ${name}`,
          {
            hint: 'put it there with `converge sign … --to URL`',
          },
        ),
  );
}

const notWhatWasSigned = ({ url }: ContentBucket, { name }: Statement, isThere: boolean) =>
  isThere
    ? world('content-changed', `${url}/${name} is not what was signed`, {
        hint: 'sign it again, and find out who can write to the bucket',
      })
    : world('content-not-found', `${url}/${name} was signed, but isn't there`, {
        hint: 'upload the content beside its signature',
      });

/** S3 says the same of an object that isn't there to whoever may not list. */
export const isDenied = (error: unknown): boolean =>
  error instanceof Failure && error.hasOnly('aws-access-denied');
