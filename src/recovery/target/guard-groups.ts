import { type Diagnostic, Failure, world } from '../../diagnostics/diagnostic.ts';
import { type CloudGroup, type GroupCloud, type GroupRule, rulesBetween } from '../model/groups.ts';

export interface WantedGroup {
  name: string;
  vpc: string;
  description: string;
  /** All of them are on a group that is converge's own. */
  tags: Record<string, string>;
  /** What a new one gets besides. */
  madeBy?: Record<string, string>;
  /**
   * Exactly these, which may be told by the id of the group; a new group of EC2 lets everything out, which is
   * taken away.
   */
  rules: readonly GroupRule[] | ((group: string) => readonly GroupRule[]);
}

/**
 * Sees to a security group with exactly these rules and answers with its id; what was there of it is used. It
 * is read back: nothing may be launched into a group that only should be shut. Safe to repeat.
 *
 * @throws Failure `group-foreign`, `group-open`
 */
export async function bringGroup(
  groups: GroupCloud,
  wanted: WantedGroup,
  signal?: AbortSignal,
): Promise<string> {
  const find = async () => {
    const found = (await groups.list({ vpc: wanted.vpc }, signal)).find(({ name }) => name === wanted.name);
    if (found && !isOurs(found, wanted.tags)) throw new Failure(groupForeign(found));
    return found;
  };
  let found = await find();
  if (!found) {
    const { rules: _, madeBy, ...made } = wanted;
    await groups.create({ ...made, tags: { ...made.tags, ...madeBy } }, signal);
    found = await find();
  }
  if (!found)
    throw new Failure(world('group-open', `the security group ${wanted.name} was made and isn't there`));
  const rules = typeof wanted.rules === 'function' ? wanted.rules(found.id) : wanted.rules;
  const { tooMany, missing } = rulesBetween(found.rules, rules);
  if (tooMany.length === 0 && missing.length === 0) return found.id;
  await groups.revoke(found.id, tooMany, signal);
  await groups.allow(found.id, missing, signal);
  const [after] = await groups.list({ ids: [found.id] }, signal);
  const left = rulesBetween(after?.rules ?? [], rules);
  if (after && left.tooMany.length === 0 && left.missing.length === 0) return found.id;
  throw new Failure(
    world(
      'group-open',
      `the security group ${wanted.name} (${found.id}) has other rules than it was given a moment ago`,
      { hint: 'somebody else changes it; run again' },
    ),
  );
}

const isOurs = ({ tags }: CloudGroup, wanted: Record<string, string>) =>
  Object.entries(wanted).every(([key, value]) => tags[key] === value);

const groupForeign = ({ id, name, vpc }: CloudGroup): Diagnostic =>
  world(
    'group-foreign',
    `the security group ${name} (${id}) of ${vpc} isn't converge's: it lacks converge's tag`,
    {
      hint: 'rename or remove it; converge changes no group that it did not make',
    },
  );
