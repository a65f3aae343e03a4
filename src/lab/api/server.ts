import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Clock, Random } from '../../io/ports.ts';
import { ApiError } from '../aws-model/error.ts';
import type { AwsAnswer, AwsService } from '../aws-model/http.ts';
import { NotOfModel } from '../aws-model/scalar.ts';
import { writeError } from '../aws-model/xml.ts';
import { labMachines, type Machines } from '../boot/machines.ts';
import { EbsError } from '../ebs/errors.ts';
import { type EbsService, ebsService } from '../ebs/service.ts';
import { type Ec2Service, ec2Service } from '../ec2/service.ts';
import type { ObjectsOf } from '../ec2/world/call.ts';
import type { Pace } from '../ec2/world/pace.ts';
import { type Ec2World, openEc2World } from '../ec2/world/world.ts';
import { iamService } from '../iam/service.ts';
import type { FleetMember } from '../instance/member.ts';
import { type Role, roleOf } from '../instance/role.ts';
import type { InstanceSettings } from '../instance/settings.ts';
import { type Credentials, sha256Hex } from '../s3/protocol/sigv4.ts';
import { fireDue } from '../scheduler/fire.ts';
import { schedulerService } from '../scheduler/service.ts';
import { profilesService } from './associations.ts';
import { callerIdentity } from './caller-identity.ts';
import { type ApiFaultRule, ApiFaults } from './faults.ts';
import { jsonServices, operate } from './json-services.ts';
import type { Account } from './operations.ts';
import { resolverService } from './resolver.ts';
import { signedService } from './signature.ts';
import { openVault } from './vault.ts';
import { zonesService } from './zones.ts';

export interface ApiLabOptions {
  /** Folder of its own for secrets; made when something is put into it. */
  dir: string;
  /** The same for what EC2 has. */
  ec2Dir: string;
  credentials: Credentials;
  region: string;
  /** What signatures are held against. */
  authClock: Clock;
  clock: Clock;
  random: Random;
  /** The instance whose tags EC2 tells. */
  instance(): Promise<InstanceSettings>;
  /** What its S3 has; default: it has none. */
  objects?: ObjectsOf;
  /** The other instances of the account. */
  fleet(): Promise<FleetMember[]>;
  /** How long things take; at once when left out. */
  pace?: Pace | undefined;
}

/**
 * The lab's EC2, EBS direct, Scheduler, SSM, Secrets Manager; of Resolver its associations, of STS who asks.
 */
export interface ApiLab {
  /** `http://127.0.0.1:PORT`, for all of them. */
  url: string;
  /** Of the stores of secrets. Throws a Failure for a rule that it doesn't know. */
  fault(rule: ApiFaultRule): void;
  /** The faults of them that didn't strike yet. */
  waitingFaults(): ApiFaultRule[];
  ec2: Ec2Service;
  ebs: EbsService;
  /** What the account has in EC2. */
  world: Ec2World;
  /** Its instances that QEMU runs. */
  machines: Machines;
  /** One operation without a signature, for whoever holds the lab's folder. Throws ApiError. */
  operate(service: 'ssm' | 'secretsmanager', operation: string, input: object): Promise<object>;
  close(): Promise<void>;
}

const mostBytes = 1 << 20;

/** Serves on 127.0.0.1. */
export async function startApi(options: ApiLabOptions): Promise<ApiLab> {
  const { region, clock, random, pace } = options;
  const took = pace && ((what: string, bytes: number) => pace.pass(pace.call(what, bytes)));
  const faults = new ApiFaults();
  const { accountId } = await options.instance();
  const account: Account = { vault: openVault(options.dir), region, account: accountId, clock, random };
  const world = openEc2World({ dir: options.ec2Dir, region, account: accountId, clock, random, pace });
  const machines = labMachines(world, join(options.ec2Dir, 'machines'), {
    clock: options.authClock,
    random,
    region,
    account: accountId,
  });
  const objects = options.objects ?? (async () => undefined);
  const iam = iamService({ dir: join(options.dir, 'iam'), account: accountId, clock, random });
  const ec2 = ec2Service(world, {
    instance: options.instance,
    fleet: options.fleet,
    machines,
    objects,
    roles: iam.role,
    took,
  });
  const ebs = ebsService(world, { account: accountId, region, clock, random, took });
  const json = jsonServices(account, faults, world);
  const services: Record<string, AwsService> = {
    ec2,
    ebs,
    ssm: json,
    secretsmanager: json,
    scheduler: schedulerService(world, { account: accountId, region }),
    route53resolver: resolverService(world),
    route53: zonesService(world),
    route53profiles: profilesService(world),
    iam,
    sts: {
      answer: async ({ body, role }) => ({
        status: 200,
        headers: { 'content-type': 'text/xml' },
        body: callerIdentity(new URLSearchParams(body.toString()), role, accountId),
      }),
    },
  };

  async function answer(message: IncomingMessage): Promise<AwsAnswer | undefined> {
    const headers = new Map(Object.entries(message.headers).map(([name, value]) => [name, String(value)]));
    const id = random.uuid();
    // By the clock that signatures are held against: clients learn from it how far theirs is off.
    const date = new Date(options.authClock.now()).toUTCString();
    const answered = (it: AwsAnswer) => ({ ...it, headers: { ...it.headers, 'x-amzn-requestid': id, date } });
    const isQuery = /^application\/x-www-form-urlencoded/.test(headers.get('content-type') ?? '');
    // A protocol of its own: EBS direct has no target and no form.
    const isRest = !isQuery && !headers.has('x-amz-target');
    try {
      const body = await read(message);
      const [path = '', query = ''] = (message.url ?? '').split('?');
      let digest: string | undefined;
      const request = {
        method: message.method ?? '',
        path,
        query: new URLSearchParams(query),
        headers,
        body,
        digest() {
          digest ??= sha256Hex(body);
          return digest;
        },
      };
      const role = await roleAsking(headers, options);
      const credentials = role?.credentials ?? options.credentials;
      const scope = signedService(request, credentials, region, options.authClock.now());
      const service = Object.hasOwn(services, scope) ? services[scope] : undefined;
      if (!service) throw new ApiError('AuthFailure', `The lab has no service ${scope}.`, 401);
      // Nobody can tell a schedule that ran when it was due from one that runs before anybody looks.
      if (!role && service !== services.sts) await fireDue(world, clock.now());
      const done = await service.answer({ ...request, id, role });
      return done && answered(done);
    } catch (error) {
      const known = error instanceof ApiError ? error : bug(error);
      return answered(isQuery ? queryError(known, id) : isRest ? restError(known) : jsonError(known));
    }
  }

  const server = createServer((message, response) => {
    answer(message).then(
      done =>
        done ? response.writeHead(done.status, done.headers).end(done.body) : message.socket.destroy(),
      () => response.destroy(),
    );
  });
  server.keepAliveTimeout = 120_000;
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fault: rule => faults.add(rule),
    waitingFaults: () => faults.waiting(),
    ec2,
    ebs,
    world,
    machines,
    operate: (service, operation, input) => operate(account, service, operation, input),
    async close() {
      const closed = new Promise<void>(resolve => server.close(() => resolve()));
      server.closeAllConnections();
      await Promise.all([closed, machines.close()]);
    },
  };
}

const queryError = (error: ApiError, id: string): AwsAnswer => ({
  status: error.status,
  headers: { 'content-type': 'text/xml;charset=UTF-8' },
  body: writeError(error, id),
});

const jsonError = ({ status, code, message }: ApiError): AwsAnswer => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body: JSON.stringify({ __type: code, message }),
});

function restError(error: ApiError): AwsAnswer {
  const reason = error instanceof EbsError ? error.reason : undefined;
  return {
    status: error.status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': error.code },
    body: JSON.stringify({ Message: error.message, ...(reason !== undefined && { Reason: reason }) }),
  };
}

/**
 * The instance's role when the request names its key and carries its token. Throws ApiError for another
 * token.
 */
async function roleAsking(
  headers: ReadonlyMap<string, string>,
  { credentials, instance }: ApiLabOptions,
): Promise<Role | undefined> {
  const asks = (key: string) => headers.get('authorization')?.includes(`Credential=${key}/`);
  // Most requests: they need not know what the instance is.
  if (asks(credentials.accessKeyId)) return undefined;
  const role = roleOf(credentials, await instance());
  if (!asks(role.credentials.accessKeyId)) return undefined;
  if (headers.get('x-amz-security-token') === role.credentials.sessionToken) return role;
  throw new ApiError('UnrecognizedClientException', 'The security token included in the request is invalid.');
}

/** A body into one buffer of the size that its header announces, where it does. */
async function read(message: IncomingMessage): Promise<Buffer> {
  const announced = Number(message.headers['content-length'] ?? 0);
  let body = Buffer.allocUnsafe(Math.min(announced, mostBytes));
  let size = 0;
  for await (const piece of message as AsyncIterable<Buffer>) {
    if (size + piece.length > mostBytes)
      throw new ApiError('RequestEntityTooLarge', 'The request is too large.', 413);
    if (size + piece.length > body.length) body = Buffer.concat([body.subarray(0, size), piece]);
    else piece.copy(body, size);
    size += piece.length;
  }
  return body.subarray(0, size);
}

/** A bug of the lab, which shows nothing of what it was given: that may be a secret. */
function bug(error: unknown): ApiError {
  const said = error instanceof NotOfModel ? error.message : `${(error as Error).name} in an operation`;
  process.emitWarning(said, { type: 'LabApiBug' });
  return new ApiError('InternalServerError', 'An error occurred on the server side.', 500);
}
