import type { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import type * as Ebs from '@aws-sdk/client-ebs';
import { SNAPSHOT_BLOCK } from '../../../recovery/model/snapshots.ts';

/** A block on its way to EBS direct. */
export interface Block {
  snapshot: string;
  index: number;
  bytes: Buffer;
  /** SHA-256 of the bytes. */
  digest: Buffer;
}

type HttpRequest = Parameters<Ebs.EBSClient['config']['requestHandler']['handle']>[0];
type Signer = Awaited<ReturnType<Ebs.EBSClient['config']['signer']>>;
type Put = (client: Ebs.EBSClient, block: Block, options: { abortSignal?: AbortSignal }) => Promise<void>;

/**
 * Puts blocks at half of what the SDK's command costs: 0.5 s of CPU a GB instead of 1.0, and with the SDK's
 * own pass over the body 1.7, where SHA-256 of the bytes is 0.6. The SDK goes through its whole stack for
 * each of 2,000 blocks a GB. So it builds the first request, which says where requests go and with what
 * headers; the others are made of that, and go through the same signer, credentials and connections.
 *
 * The digest that EBS wants is also the payload's in the signature, so that nobody reads the body for it.
 * Rejects as the SDK does: `name`, `Reason`, `$metadata`.
 *
 * Source: EBS direct APIs reference, PutSnapshotBlock; IAM user guide, "Create a signed AWS API request".
 */
export function blockPutter(ebs: typeof Ebs): Put {
  let built: HttpRequest | undefined;
  /** The SDK makes a new one each time. It asks the client for its credentials for each request. */
  let signer: Signer | undefined;
  const byCommand: Put = async (client, { snapshot, index, bytes, digest }, options) => {
    const command = new ebs.PutSnapshotBlockCommand({
      SnapshotId: snapshot,
      BlockIndex: index,
      BlockData: bytes,
      DataLength: SNAPSHOT_BLOCK,
      Checksum: digest.toString('base64'),
      ChecksumAlgorithm: 'SHA256',
    });
    command.middlewareStack.add(
      next => args => {
        const request = args.request as HttpRequest;
        request.headers[payloadHash] = digest.toString('hex');
        const { body: _, ...rest } = request;
        built ??= { ...rest, headers: { ...request.headers } } as HttpRequest;
        return next(args);
      },
      { step: 'build', priority: 'low' },
    );
    await client.send(command, options);
  };

  return async (client, block, options) => {
    if (built === undefined) return byCommand(client, block, options);
    const { snapshot, index, bytes, digest } = block;
    const { config } = client;
    signer ??= await config.signer();
    const request = await signer.sign(
      {
        ...built,
        path: built.path.replace(
          /\/snapshots\/.*$/,
          `/snapshots/${encodeURIComponent(snapshot)}/blocks/${index}`,
        ),
        headers: {
          ...built.headers,
          [checksum]: digest.toString('base64'),
          [payloadHash]: digest.toString('hex'),
        },
        body: bytes,
      },
      { signingDate: new Date(Date.now() + config.systemClockOffset) },
    );
    const { response } = await config.requestHandler.handle(request as HttpRequest, options);
    const body = response.body as Readable;
    if (response.statusCode !== 201) throw await refusal(response.statusCode, response.headers, body);
    // An answer without content; read, so that the connection is free for the next block.
    body.on('error', () => {}).resume();
  };
}

const payloadHash = 'x-amz-content-sha256';
const checksum = 'x-amz-checksum';

/** What EBS answered, as the SDK tells it. Source: AWS restJson1, "Operation error serialization". */
async function refusal(
  httpStatusCode: number,
  headers: Record<string, string>,
  body: Readable,
): Promise<Error> {
  const told = (await json(body).catch(() => ({}))) as Record<string, unknown>;
  const type = String(headers['x-amzn-errortype'] ?? told.__type ?? told.code ?? httpStatusCode);
  const message = told.message ?? told.Message;
  return Object.assign(new Error(typeof message === 'string' ? message : type), {
    name: type.replace(/:.*$/, '').replace(/^.*#/, ''),
    Reason: told.Reason,
    $metadata: { httpStatusCode },
    $response: { headers },
  });
}
