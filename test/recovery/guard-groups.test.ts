import { expect, test } from 'vitest';
import type { CloudGroup, GroupCloud, GroupRule } from '../../src/recovery/model/groups.ts';
import { bringGroup } from '../../src/recovery/target/guard-groups.ts';

const out: GroupRule = { egress: true, protocol: '-1', peer: '0.0.0.0/0' };
const home: GroupRule = { egress: false, protocol: 'tcp', from: 22, to: 22, peer: '192.0.2.0/24' };
const ours = { 'converge:run': 'a/web/1' };

/** Security groups in memory; a new one lets everything out, as EC2's does. */
function groups(more: Partial<GroupCloud> = {}, ...there: CloudGroup[]) {
  const all = [...there];
  const rulesOf = (id: string) => all.find(one => one.id === id)!;
  const cloud = {
    async list(which) {
      return all.filter(one =>
        'ids' in which ? which.ids.includes(one.id) : 'vpc' in which && one.vpc === which.vpc,
      );
    },
    async create({ name, vpc, tags }) {
      const id = `sg-${all.length}`;
      all.push({ id, name, vpc, tags, rules: [out] });
      return id;
    },
    async allow(id, rules) {
      const group = rulesOf(id);
      group.rules = [...group.rules, ...rules];
    },
    async revoke(id, rules) {
      const group = rulesOf(id);
      group.rules = group.rules.filter(one => !rules.includes(one));
    },
    ...more,
  } as Partial<GroupCloud> as GroupCloud;
  return { all, cloud };
}
const wanted = { name: 'converge-quarantine', vpc: 'vpc-1', description: 'x', tags: ours, rules: [home] };

test('a new group has exactly the rules, and so has one that somebody changed', async () => {
  const { all, cloud } = groups();
  const id = await bringGroup(cloud, wanted);
  expect(all).toMatchObject([{ id, rules: [home], tags: ours }]);
  all[0]!.rules = [out, { ...home, to: 23 }];
  expect(await bringGroup(cloud, wanted)).toBe(id);
  expect(all).toMatchObject([{ rules: [home] }]);
});

test('a group of its name that lacks the tag, or any of it, is neither used nor changed', async () => {
  for (const tags of [{}, { 'converge:run': 'a/web/2' }] as Record<string, string>[]) {
    const theirs = { id: 'sg-theirs', name: wanted.name, vpc: wanted.vpc, tags, rules: [out] };
    const { all, cloud } = groups({}, theirs);
    await expect(bringGroup(cloud, wanted)).rejects.toMatchObject({
      diagnostics: [{ code: 'group-foreign', message: expect.stringContaining('sg-theirs') }],
    });
    expect(all).toEqual([theirs]);
  }
});

test('one that has other rules after it was changed is told and not used', async () => {
  for (const more of [{ revoke: async () => {} }, { allow: async () => {} }])
    await expect(bringGroup(groups(more).cloud, wanted)).rejects.toMatchObject({
      diagnostics: [{ code: 'group-open' }],
    });
});
