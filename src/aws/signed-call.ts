import { createHash, createHmac } from 'node:crypto';
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { HttpResponse } from '@smithy/core/protocols';
import { toFailure } from './errors.ts';
import type { AwsSettings } from './settings.ts';
import type { Handler } from './wire/handler.ts';
import { type Retrying, withRetries } from './with-retries.ts';

/** The hash that the signer asks for. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | Uint8Array | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }
  update(data: string | Uint8Array | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {}
}

function bytesOf(data: string | Uint8Array | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.from(data);
}

/** Whoever asks, and how it is tried again. */
export interface Signing {
  readonly settings: AwsSettings & Retrying;
  credentials(): ReturnType<EC2Client['config']['credentials']>;
  /** What requests are sent with. */
  readonly handler: Handler;
}

/** One call of a service that is asked little. */
export interface SignedCall {
  /** For messages: `Route 53 Resolver`. */
  called: string;
  /** As it is signed: `route53resolver`. */
  service: string;
  /** `route53resolver:ListResolverRuleAssociations`. */
  action: string;
  /** What it is about. */
  thing: string;
  /** Of AWS's own endpoint; `region`, of the signature, where it isn't that of the connection. */
  host: string;
  region?: string;
  path: string;
  query?: Readonly<Record<string, string>>;
  /** Of a JSON service with one path: the operation and its input. */
  json?: { target: string; input: object };
  /** What is posted to a REST service of XML. */
  xml?: string;
}

/**
 * The answer's text. The clients of these services would be megabytes for one question each, so that it is
 * signed and sent here. Tried again like calls of EC2.
 *
 * @throws Failure that names the action and the thing; `aws-access-denied`
 */
export async function signedCall(
  connection: Signing,
  call: SignedCall,
  signal?: AbortSignal,
): Promise<string> {
  const { settings } = connection;
  try {
    return await withRetries(stop => send(connection, call, stop), settings, { signal, patience: 'polite' });
  } catch (error) {
    signal?.throwIfAborted();
    const { called: service, action, thing } = call;
    throw toFailure(error, { service, action, thing, region: call.region ?? settings.region });
  }
}

async function send(
  { settings, credentials, handler }: Signing,
  { service, host, path, query = {}, json, xml, region = settings.region }: SignedCall,
  signal: AbortSignal | undefined,
): Promise<string> {
  const [{ SignatureV4 }, { HttpRequest }] = await Promise.all([
    import('@smithy/signature-v4'),
    import('@smithy/core/protocols'),
  ]);
  // The lab, and whatever stands for AWS, is one region.
  const signedFor = settings.endpoint === undefined ? region : settings.region;
  const signer = new SignatureV4({ service, region: signedFor, credentials, sha256: Sha256 });
  const url = new URL(settings.endpoint ?? `https://${host}`);
  url.pathname = path;
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const body = json ? JSON.stringify(json.input) : xml;
  const request = new HttpRequest({
    method: body === undefined ? 'GET' : 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port !== '' && { port: Number(url.port) }),
    path,
    query: { ...query },
    headers: {
      host: url.host,
      ...(xml !== undefined && { 'content-type': 'application/xml' }),
      ...(json && { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': json.target }),
    },
    ...(body !== undefined && { body }),
  });
  const signed = await signer.sign(request, { signingDate: new Date(settings.clock.now()) });
  const { response } = await handler.handle(
    new HttpRequest(signed as typeof request),
    signal ? { abortSignal: signal } : {},
  );
  const { statusCode, headers, body: said } = response as InstanceType<typeof HttpResponse>;
  const text = await textOf(said as AsyncIterable<Buffer>);
  if (statusCode >= 200 && statusCode < 300) return text;
  const { name, message } = errorIn(text, headers['x-amzn-errortype']);
  throw Object.assign(new Error(message), { name, $metadata: { httpStatusCode: statusCode } });
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/**
 * Services of JSON name their error in it or in a header, those of XML in `Code`; Route 53 one of them by the
 * element that it is (API reference, ChangeResourceRecordSets).
 */
function errorIn(text: string, header: string | undefined): { name: string; message: string } {
  const said = parsed(text);
  const name =
    said?.__type ??
    header ??
    (/<Code>([^<]*)<\/Code>/.exec(text) ?? /<(InvalidChangeBatch)\b/.exec(text))?.[1] ??
    'Unknown';
  const message = said?.message ?? /<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? name;
  return { name: name.replace(/^.*#/, '').replace(/:.*$/, ''), message };
}

function parsed(text: string): { __type?: string; message?: string } | undefined {
  try {
    return JSON.parse(text) as { __type?: string; message?: string };
  } catch {
    return undefined;
  }
}
