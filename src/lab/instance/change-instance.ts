import { readFleet } from './fleet.ts';
import { type InstanceSettings, readInstance, writeInstance } from './settings.ts';

/**
 * Keeps what is said over what is there. To become an instance of the fleet is to take its tags, type and
 * role.
 */
export async function changeInstance(
  dir: string,
  change: Partial<InstanceSettings>,
): Promise<InstanceSettings> {
  const member = (await readFleet(dir)).find(({ instanceId }) => instanceId === change.instanceId);
  const { tags, instanceType, policy } = member ?? {};
  const changed = {
    ...(await readInstance(dir)),
    ...(tags && instanceType !== undefined && { tags, instanceType, ...(policy && { policy }) }),
    ...change,
  };
  await writeInstance(dir, changed);
  return changed;
}
