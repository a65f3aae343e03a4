import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock, Random } from '../../io/ports.ts';
import type { FleetMember } from '../instance/member.ts';
import { type Role, roleOf } from '../instance/role.ts';
import type { InstanceSettings } from '../instance/settings.ts';
import type { Credentials } from '../s3/protocol/sigv4.ts';
import { callerIdentity } from './caller-identity.ts';
import { ec2 } from './ec2.ts';
import { ec2Error } from './ec2-query.ts';
import { ApiError } from './error.ts';
import { type ApiFaultRule, ApiFaults, ec2FaultError, faultError } from './faults.ts';
import type { Account, Operations } from './operations.ts';
import { parameterOperations } from './parameters.ts';
import { secretOperations } from './secrets.ts';
import { signedService } from './signature.ts';
import { openVault } from './vault.ts';

export interface ApiLabOptions {
  /** Folder of its own; made when something is put into it. */
  dir: string;
  credentials: Credentials;
  region: string;
  /** What signatures are held against. */
  authClock: Clock;
  clock: Clock;
  random: Random;
  /** The instance whose tags EC2 tells. */
  instance(): Promise<InstanceSettings>;
  /** The other instances of the account. */
  fleet(): Promise<FleetMember[]>;
}

/** The lab's SSM Parameter Store, Secrets Manager, of EC2 what tells of instances, and of STS who asks. */
export interface ApiLab {
  /** `http://127.0.0.1:PORT`, for all of them. */
  url: string;
  fault(rule: ApiFaultRule, on: 'secrets' | 'ec2'): void;
  /** The faults that didn't strike yet. */
  waitingFaults(on: 'secrets' | 'ec2'): ApiFaultRule[];
  /** One operation without a signature, for whoever holds the lab's folder. Throws ApiError. */
  operate(service: 'ssm' | 'secretsmanager', operation: string, input: object): Promise<object>;
  close(): Promise<void>;
}

/** By the prefix of X-Amz-Target: the name in a credential scope, and what there is to call. */
const services: Record<string, { name: 'ssm' | 'secretsmanager'; operations: Operations }> = {
  AmazonSSM: { name: 'ssm', operations: parameterOperations },
  secretsmanager: { name: 'secretsmanager', operations: secretOperations },
};

const mostBytes = 1 << 20;

/** Serves on 127.0.0.1. */
export async function startApi(options: ApiLabOptions): Promise<ApiLab> {
  const faults = { secrets: new ApiFaults('secrets'), ec2: new ApiFaults('ec2') };
  const account: Account = {
    vault: openVault(options.dir),
    region: options.region,
    account: (await options.instance()).accountId,
    clock: options.clock,
    random: options.random,
  };
  const answer = async (message: IncomingMessage, response: ServerResponse) => {
    const body = await read(message);
    const headers = new Map(Object.entries(message.headers).map(([name, value]) => [name, String(value)]));
    const request = { method: message.method ?? '', path: message.url ?? '', headers, body };
    const isQuery = /^application\/x-www-form-urlencoded/.test(headers.get('content-type') ?? '');
    const send = (status: number, type: string, text: string) =>
      response
        .writeHead(status, { 'content-type': type, 'x-amzn-requestid': options.random.uuid() })
        .end(text);
    try {
      const role = roleAsking(headers, roleOf(options.credentials, await options.instance()));
      const credentials = role?.credentials ?? options.credentials;
      const scope = signedService(request, credentials, options.region, options.authClock.now());
      if (isQuery && scope === 'sts')
        return send(
          200,
          'text/xml',
          callerIdentity(new URLSearchParams(body.toString()), role, account.account),
        );
      if (isQuery) {
        if (scope !== 'ec2') throw new ApiError('AuthFailure', 'Credential should be scoped to ec2.', 401);
        const query = new URLSearchParams(body.toString());
        const fault = faults.ec2.take(query.get('Action') ?? '');
        if (fault === 'reset') return message.socket.destroy();
        if (fault) throw ec2FaultError(fault, query.get('Action') ?? '');
        const xml = ec2(query, await options.instance(), await options.fleet(), role !== undefined);
        return send(200, 'text/xml;charset=UTF-8', xml);
      }
      const [prefix = '', operation = ''] = (headers.get('x-amz-target') ?? '').split('.');
      const service = Object.hasOwn(services, prefix) ? services[prefix]! : undefined;
      if (!service || !Object.hasOwn(service.operations, operation))
        throw new ApiError('UnknownOperationException', `The lab does not know ${prefix}.${operation}.`);
      if (scope !== service.name)
        throw new ApiError('InvalidSignatureException', `Credential should be scoped to ${service.name}.`);
      if (role) throw faultError('access-denied', service.name, operation);
      const fault = faults.secrets.take(operation);
      if (fault === 'reset') return message.socket.destroy();
      if (fault) throw faultError(fault, service.name, operation);
      const output = await service.operations[operation]!(parsed(body), account);
      send(200, 'application/x-amz-json-1.1', JSON.stringify(output));
    } catch (error) {
      const known = error instanceof ApiError ? error : bug(error);
      if (isQuery) return send(known.status, 'text/xml;charset=UTF-8', ec2Error(known));
      const said = { __type: known.code, message: known.message };
      send(known.status, 'application/x-amz-json-1.1', JSON.stringify(said));
    }
  };
  const server = createServer((message, response) => {
    answer(message, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 120_000;
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fault: (rule, on) => faults[on].add(rule),
    waitingFaults: on => faults[on].waiting(),
    async operate(service, operation, input) {
      const { operations } = Object.values(services).find(({ name }) => name === service)!;
      return operations[operation]!(input as Record<string, unknown>, account);
    },
    close() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}

/** The instance's role when the request names its key and carries its token. Throws ApiError for another token. */
function roleAsking(headers: ReadonlyMap<string, string>, role: Role): Role | undefined {
  const { accessKeyId, sessionToken } = role.credentials;
  if (!headers.get('authorization')?.includes(`Credential=${accessKeyId}/`)) return undefined;
  if (headers.get('x-amz-security-token') === sessionToken) return role;
  throw new ApiError('UnrecognizedClientException', 'The security token included in the request is invalid.');
}

async function read(message: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of message) {
    size += (piece as Buffer).length;
    if (size > mostBytes) throw new Error('the request is too large');
    pieces.push(piece as Buffer);
  }
  return Buffer.concat(pieces);
}

function parsed(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString() || '{}');
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {}
  throw new ApiError('SerializationException', 'The body is no JSON object.');
}

/** A bug of the lab, which shows nothing of what it was given: that may be a secret. */
function bug(error: unknown): ApiError {
  process.emitWarning(`${(error as Error).name} in an operation`, { type: 'LabApiBug' });
  return new ApiError('InternalServerError', 'An error occurred on the server side.', 500);
}
