import { createHash, createHmac } from 'node:crypto';
import { toFailure } from '../errors.ts';
import { withRetries } from '../with-retries.ts';
import type { RecoveryConnection } from './connection.ts';

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

interface Association {
  ResolverRuleId?: string;
}

/** The rule that every VPC has: names that nothing else is said about go to Amazon's own resolver. */
const OWN_RULE = 'rslvr-autodefined-rr-internet-resolver';

/**
 * Rules of Route 53 Resolver that a VPC has: what sends its questions for names elsewhere, and no route
 * shows. One call of a service that is asked nothing else (Route 53 Resolver API reference,
 * ListResolverRuleAssociations): the newest SDK client for it that there is to install is of 2024, so that
 * the call is signed and sent here.
 */
export async function resolverRules(
  connection: RecoveryConnection,
  vpc: string,
  signal?: AbortSignal,
): Promise<string[]> {
  const { settings, credentials } = connection;
  const { region } = settings;
  const { SignatureV4 } = await import('@smithy/signature-v4');
  const signer = new SignatureV4({ service: 'route53resolver', region, credentials, sha256: Sha256 });
  const suffix = region.startsWith('cn-') ? '.cn' : '';
  const url = new URL(settings.endpoint ?? `https://route53resolver.${region}.amazonaws.com${suffix}`);

  const page = async (NextToken: string | undefined, stop: AbortSignal | undefined) => {
    const body = JSON.stringify({
      Filters: [{ Name: 'VPCId', Values: [vpc] }],
      MaxResults: 100,
      ...(NextToken !== undefined && { NextToken }),
    });
    const request = {
      method: 'POST',
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port !== '' && { port: Number(url.port) }),
      path: '/',
      headers: {
        host: url.host,
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'Route53Resolver.ListResolverRuleAssociations',
      },
      body,
    };
    const { headers } = await signer.sign(request, { signingDate: new Date(settings.clock.now()) });
    const { host: _, ...sent } = headers as Record<string, string>;
    const answer = await fetch(url, { method: 'POST', headers: sent, body, ...(stop && { signal: stop }) });
    const json = (await answer.json()) as {
      ResolverRuleAssociations?: Association[];
      NextToken?: string;
      __type?: string;
      message?: string;
    };
    if (answer.ok) return json;
    const name = (json.__type ?? 'Unknown').replace(/^.*#/, '');
    throw Object.assign(new Error(json.message ?? name), {
      name,
      $metadata: { httpStatusCode: answer.status },
    });
  };

  const rules: string[] = [];
  try {
    let token: string | undefined;
    do {
      const answer = await withRetries(stop => page(token, stop), settings, {
        signal,
        patience: 'polite',
      });
      for (const { ResolverRuleId } of answer.ResolverRuleAssociations ?? [])
        if (ResolverRuleId !== OWN_RULE) rules.push(ResolverRuleId ?? 'unnamed');
      token = answer.NextToken;
    } while (token !== undefined);
    return rules;
  } catch (error) {
    signal?.throwIfAborted();
    throw toFailure(error, {
      service: 'Route 53 Resolver',
      action: 'route53resolver:ListResolverRuleAssociations',
      thing: vpc,
      region,
    });
  }
}
