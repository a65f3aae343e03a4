import type { Clock, Random } from '../../io/ports.ts';
import ebsJson from '../aws-model/ebs.json' with { type: 'json' };
import type { AwsRequest, AwsService } from '../aws-model/http.ts';
import type { AwsModel } from '../aws-model/model.ts';
import { findOperation, type RestCall, readRest, writeRest } from '../aws-model/rest.ts';
import { callFaults, type Ec2Fault, Ec2Faults } from '../ec2/world/faults.ts';
import type { Ec2World } from '../ec2/world/world.ts';
import { isAllowed, type Role } from '../instance/role.ts';
import { EbsError } from './errors.ts';
import { getSnapshotBlock, listChangedBlocks, listSnapshotBlocks } from './read.ts';
import {
  type CompleteInput,
  completeSnapshot,
  type PutInput,
  putBlock,
  type StartInput,
  startSnapshot,
} from './write.ts';

const model = ebsJson as unknown as AwsModel;

interface Tag {
  Key: string;
  Value: string;
}

export interface EbsService extends AwsService {
  /** Throws a Failure for a rule that it doesn't know. */
  fault(rule: Ec2Fault): void;
  /** The faults that didn't strike yet. */
  waitingFaults(): Ec2Fault[];
}

interface Account {
  account: string;
  region: string;
  clock: Clock;
  random: Random;
  /** Told each operation, and how many bytes of data it had. */
  took?: ((what: string, bytes: number) => void) | undefined;
}

/** EBS direct over the same world as EC2. Source: EBS direct APIs reference. */
export function ebsService(world: Ec2World, { account, region, clock, random, took }: Account): EbsService {
  const faults = new Ec2Faults('ebs');
  async function perform(call: RestCall, request: AwsRequest): Promise<{ output: object; data?: Buffer }> {
    const input = readRest(model, call, request.query, request.headers, request.body) as unknown;
    const asking = { account, now: clock.now() };
    switch (call.operation) {
      case 'StartSnapshot':
        return { output: await world.change(draft => startSnapshot(draft, input as StartInput)) };
      case 'PutSnapshotBlock': {
        const stamp = random.bytes(8).toString('hex');
        return { output: await putBlock(world, { ...asking, stamp }, input as PutInput, request) };
      }
      case 'CompleteSnapshot': {
        const fails = faults.take(['snapshot-fails'], {}) !== undefined;
        return {
          output: await world.change(draft => completeSnapshot(draft, input as CompleteInput, fails)),
        };
      }
      case 'ListSnapshotBlocks':
        return { output: await listSnapshotBlocks(world, asking, input as { SnapshotId: string }) };
      case 'ListChangedBlocks':
        return { output: await listChangedBlocks(world, asking, input as { SecondSnapshotId: string }) };
      default:
        return getSnapshotBlock(world, asking, input as Parameters<typeof getSnapshotBlock>[2]);
    }
  }
  /** No account in the ARN. Source: EBS user guide, "Control access to EBS direct APIs using IAM". */
  async function refuseForbidden(role: Role, operation: string, { path, body }: AwsRequest): Promise<void> {
    const { snapshots, tags } = await world.state();
    const id = path.split('/').find(part => Object.hasOwn(snapshots, part));
    const asked = operation === 'StartSnapshot' ? (JSON.parse(body.toString()) as { Tags?: Tag[] }).Tags : [];
    const context = Object.fromEntries([
      ...(asked ?? []).map(({ Key, Value }) => [`aws:requesttag/${Key}`.toLowerCase(), Value]),
      ...Object.entries(tags[id ?? ''] ?? {}).map(([key, value]) => [
        `aws:resourcetag/${key}`.toLowerCase(),
        value,
      ]),
    ]) as Record<string, string>;
    if (isAllowed(role, `ebs:${operation}`, `arn:aws:ec2:${region}::snapshot/${id ?? 'new'}`, context))
      return;
    throw faultError({ kind: 'access-denied' }, operation);
  }
  return {
    fault: rule => faults.add(rule),
    waitingFaults: () => faults.waiting(),
    async answer(request) {
      const call = findOperation(model, request.method, request.path);
      if (!call)
        throw new EbsError(404, 'UnknownOperationException', `${request.method} ${request.path} is nothing.`);
      const fault = faults.take(callFaults, { operation: call.operation });
      if (fault?.kind === 'reset') return undefined;
      if (fault && fault.kind !== 'lost-answer') throw faultError(fault, call.operation);
      if (request.role) await refuseForbidden(request.role, call.operation, request);
      const { output, data } = await perform(call, request);
      took?.(`ebs:${call.operation}`, request.body.length + (data?.length ?? 0));
      if (fault) return undefined;
      const { status, headers, json } = writeRest(model, call.operation, output);
      return {
        status,
        headers: {
          ...headers,
          'content-type': data ? 'application/octet-stream' : 'application/json',
        },
        body: data ?? json,
      };
    },
  };
}

function faultError({ kind, code, message }: Ec2Fault, operation: string): EbsError {
  switch (kind) {
    case 'refused':
      return new EbsError(400, code!, message ?? code!);
    case 'throttled':
      return new EbsError(400, 'RequestThrottledException', 'Rate exceeded', 'ACCOUNT_THROTTLED');
    case 'internal-error':
      return new EbsError(500, 'InternalServerException', 'An internal error has occurred.');
    default:
      return new EbsError(
        403,
        'AccessDeniedException',
        `User: arn:aws:iam::123456789012:user/lab is not authorized to perform: ebs:${operation}`,
        'UNAUTHORIZED_ACCOUNT',
      );
  }
}
