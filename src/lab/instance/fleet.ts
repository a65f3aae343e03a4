import { join } from 'node:path';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { readJson, writeJson } from '../disks/write-json.ts';
import { beanstalkTags, type FleetMember } from './member.ts';
import type { Policy } from './policy.ts';
import type { InstanceSettings } from './settings.ts';

const fileOf = (dir: string) => join(dir, 'fleet.json');

/** Those of the lab in `dir`; read anew each time, as a command may have changed them. */
export const readFleet = async (dir: string): Promise<FleetMember[]> =>
  (await readJson<FleetMember[]>(fileOf(dir))) ?? [];

export interface Launch {
  environment: string;
  count: number;
  type: string;
  /** Of the role of each. */
  policy?: Policy;
}

/** Launches instances of an environment and gives them back. */
export async function addInstances(
  dir: string,
  { environment, count, type, policy }: Launch,
  now: number,
): Promise<FleetMember[]> {
  const fleet = await readFleet(dir);
  const added = Array.from({ length: count }, (_, index): FleetMember => {
    const number = fleet.length + index + 1;
    return {
      instanceId: `i-0f1ee7${String(number).padStart(11, '0')}`,
      instanceType: type,
      privateIp: `10.0.${(number + 10) >> 8}.${(number + 10) & 255}`,
      tags: beanstalkTags(environment),
      ...(policy && { policy }),
      state: 'running',
      systemCheck: 'ok',
      instanceCheck: 'ok',
      launched: now,
    };
  });
  await writeJson(fileOf(dir), [...fleet, ...added]);
  return added;
}

/** Throws a Failure for an instance that isn't there. */
export async function setInstance(
  dir: string,
  id: string,
  change: Partial<Pick<FleetMember, 'state' | 'systemCheck' | 'instanceCheck'>>,
): Promise<FleetMember> {
  const fleet = await readFleet(dir);
  const member = fleet.find(({ instanceId }) => instanceId === id);
  if (!member)
    throw new Failure(
      given('no-such-instance', `the lab has no instance ${id}`, {
        hint: '`converge lab add-instances ENV --count 8` makes some, `converge lab show` lists them',
      }),
    );
  Object.assign(member, change);
  await writeJson(fileOf(dir), fleet);
  return member;
}

/** All that EC2 would list: the instance that the lab's host is, and the others. */
export function allInstances(host: InstanceSettings, fleet: readonly FleetMember[]): FleetMember[] {
  if (!host.metadata || fleet.some(({ instanceId }) => instanceId === host.instanceId)) return [...fleet];
  const { instanceId, instanceType, tags } = host;
  const well = { state: 'running', systemCheck: 'ok', instanceCheck: 'ok' } as const;
  return [{ instanceId, instanceType, tags, privateIp: '10.0.0.10', ...well, launched: 0 }, ...fleet];
}
