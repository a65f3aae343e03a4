import { type KeyObject, sign, verify } from 'node:crypto';
import { type Diagnostic, Failure, given, world } from '../../diagnostics/diagnostic.ts';
import { keyId, type TrustedKey } from './keys.ts';

/**
 * What a signature says about some content. Signed as the exact bytes of its JSON, so two
 * programs can't read it differently.
 */
export interface Statement {
  converge_content: 1;
  /** The Beanstalk environment that it is for, and no other. */
  environment: string;
  /** Object key of the content, below the URL: `ENV.yaml` or `ENV.zip`. */
  name: string;
  /** SHA-256 of the content, hex. */
  sha256: string;
  bytes: number;
  /** Rises with everything signed for the environment. */
  sequence: number;
  /** RFC 3339, UTC. */
  issued: string;
  expires: string;
  minimum_version: string;
  /** A rollback: it may take the place of content up to this sequence, although its own is lower. */
  replaces_up_to?: number;
}

const payloadType = 'application/vnd.converge.content+json';

/**
 * The bytes that are signed: DSSE's pre-authentication encoding,
 * `DSSEv1 LEN(type) type LEN(body) body` with decimal lengths (secure-systems-lab/dsse, protocol.md).
 */
export const preAuthentication = (type: string, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(type)} ${type} ${body.length} `), body]);

/** The signature file beside the content: a DSSE envelope, one signature per key. */
export function sealStatement(statement: Statement, keys: KeyObject[]): Buffer {
  const payload = Buffer.from(JSON.stringify(statement));
  const signatures = keys.map(key => ({
    keyid: keyId(key),
    sig: sign(null, preAuthentication(payloadType, payload), key).toString('base64'),
  }));
  const envelope = { payloadType, payload: payload.toString('base64'), signatures };
  return Buffer.from(`${JSON.stringify(envelope, null, 2)}\n`);
}

/**
 * The statement of a signature file that one of the trusted keys has signed. Nothing of it is
 * believed before that. Throws a Failure: the world's when the bucket holds something wrong.
 * @param name the signature's object, for messages
 */
export function openStatement(bytes: Buffer, name: string, trusted: readonly TrustedKey[]): Statement {
  if (trusted.length === 0) {
    throw new Failure(
      given('no-trusted-key', 'no key is trusted on this instance, so nothing can be verified', {
        hint: 'install the .pub file of `converge sign --new-key`, or name it with --trust FILE',
      }),
    );
  }
  const envelope = json(bytes);
  if (!isEnvelope(envelope)) throw new Failure(malformed(name, 'is not a signature file'));
  const payload = Buffer.from(envelope.payload, 'base64');
  const signed = preAuthentication(envelope.payloadType, payload);
  const known = envelope.signatures.flatMap(({ keyid, sig }) => {
    const key = trusted.find(({ id }) => id === keyid);
    return key ? [{ key, sig: Buffer.from(sig, 'base64') }] : [];
  });
  if (known.length === 0) {
    const named = envelope.signatures.map(({ keyid }) => keyid).join(', ') || 'nobody';
    throw new Failure(
      world('signature-unknown-key', `${name} is signed by ${named}, which this instance doesn't trust`, {
        hint: `trusted here: ${trusted.map(({ id, name: file }) => `${id} (${file})`).join(', ')}`,
      }),
    );
  }
  if (
    envelope.payloadType !== payloadType ||
    !known.some(({ key, sig }) => verify(null, signed, key.key, sig))
  ) {
    throw new Failure(
      world('signature-wrong', `the signature in ${name} doesn't match: it was changed after it was signed`, {
        hint: 'sign the content again, and find out who can write to the bucket',
      }),
    );
  }
  const statement = json(payload);
  if (!isStatement(statement)) {
    throw new Failure(malformed(name, 'was signed, but is of a form that this version does not know'));
  }
  return statement;
}

const malformed = (name: string, what: string): Diagnostic =>
  world('signature-malformed', `${name} ${what}`, { hint: 'make it with `converge sign`' });

function json(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

interface Envelope {
  payloadType: string;
  payload: string;
  signatures: { keyid: string; sig: string }[];
}

/** Each costs time, and whoever can write to the bucket could send half a million. */
const mostSignatures = 100;

function isEnvelope(value: unknown): value is Envelope {
  const { payloadType: type, payload, signatures } = (value ?? {}) as Partial<Envelope>;
  return (
    typeof type === 'string' &&
    typeof payload === 'string' &&
    Array.isArray(signatures) &&
    signatures.length <= mostSignatures &&
    signatures.every(one => typeof one?.keyid === 'string' && typeof one?.sig === 'string')
  );
}

function isStatement(value: unknown): value is Statement {
  const one = (value ?? {}) as Partial<Statement>;
  const texts = [one.environment, one.name, one.sha256, one.issued, one.expires, one.minimum_version];
  return (
    one.converge_content === 1 &&
    texts.every(text => typeof text === 'string') &&
    Number.isFinite(Date.parse(one.issued!)) &&
    Number.isFinite(Date.parse(one.expires!)) &&
    Number.isSafeInteger(one.sequence) &&
    Number.isSafeInteger(one.bytes) &&
    (one.replaces_up_to === undefined || Number.isSafeInteger(one.replaces_up_to))
  );
}
