import { Type } from 'typebox';
import { suggest } from '../../diagnostics/nearest.ts';
import type { ReadIo } from '../../engine/model/io.ts';
import type { Found, Member, Selector } from '../../engine/model/resource-type.ts';
import { globOf } from '../../values/glob.ts';
import type { ListedVm } from '../../vsphere/client/connect.ts';
import type { Tag } from '../../vsphere/inventory/tags.ts';
import { titlesOf } from './vm-titles.ts';

type Words = string | string[];

interface Criteria {
  folder?: Words;
  tag?: Words;
  name?: Words;
}

export interface VmSelection extends Criteria {
  exclude?: Words | Criteria;
}

const words = (description: string) =>
  Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())], { description }));

const criteria = {
  folder: words(
    'Folders of the inventory with all that is below them: `/DATACENTER/vm/Production`, or `Production` in any datacenter.',
  ),
  tag: words('Tags that are attached to the VM itself: `gold` in any category, or `tier/gold`.'),
  name: words('Patterns of names: `*` is any text, `?` one character.'),
};

const schema = Type.Object(
  {
    ...criteria,
    exclude: Type.Optional(
      Type.Union(
        [Type.String(), Type.Array(Type.String()), Type.Object(criteria, { additionalProperties: false })],
        { description: 'What is left out: patterns of names, or any of `folder`, `tag` and `name`.' },
      ),
    ),
  },
  {
    description:
      'Protects every VM that fits `folder`, `tag` and `name`, all of those that are given; upper and lower case are one.',
    additionalProperties: false,
  },
);

/** Many VMs by folder, tag or name. Templates can't be replicated and are never selected. */
export const vmSelector: Selector<VmSelection> = { schema, find };

async function find(select: VmSelection, io: ReadIo): Promise<Found> {
  const vsphere = await io.client('vsphere');
  const vms = (await vsphere.vms()).filter(({ template }) => !template);
  const exclude = exclusionOf(select);
  const named = [...listOf(select.tag), ...listOf(exclude.tag)];
  const tags = named.length > 0 ? await vsphere.tags(io.signal) : [];
  const tagged = async (criteria: Criteria) =>
    criteria.tag === undefined
      ? undefined
      : vsphere.tagged(
          tags.filter(tag => listOf(criteria.tag).some(word => means(word, tag))),
          io.signal,
        );
  const [taken, left] = [await tagged(select), await tagged(exclude)];
  const members = vms.filter(vm => {
    const out =
      listOf(exclude.name).some(glob => fits(glob, vm.name)) ||
      listOf(exclude.folder).some(folder => isBelow(vm.folder, folder)) ||
      left?.has(vm.moref);
    return (
      !out &&
      (select.name === undefined || listOf(select.name).some(glob => fits(glob, vm.name))) &&
      (select.folder === undefined || listOf(select.folder).some(folder => isBelow(vm.folder, folder))) &&
      (taken === undefined || taken.has(vm.moref))
    );
  });
  const warnings = [...unknown(select, '', vms, tags), ...unknown(exclude, '/exclude', vms, tags)];
  return { members: membersOf(members, vms), warnings };
}

/** The part that a VM has in the world's namespace: its name where no other has it, its UUIDs always. */
function membersOf(chosen: readonly ListedVm[], all: readonly ListedVm[]): Member[] {
  const count = (of: (vm: ListedVm) => string) => {
    const counts = new Map<string, number>();
    for (const vm of all) counts.set(of(vm), (counts.get(of(vm)) ?? 0) + 1);
    return (vm: ListedVm) => counts.get(of(vm)) === 1;
  };
  const titleOf = titlesOf(all);
  const aloneByName = count(({ name }) => name.toLowerCase());
  const aloneByBios = count(({ biosUuid }) => biosUuid);
  return chosen.map(vm => ({
    title: titleOf(vm),
    id: vm.uuid,
    names: [
      ...(aloneByName(vm) ? [vm.name.toLowerCase()] : []),
      vm.uuid,
      ...(aloneByBios(vm) && vm.biosUuid !== '' ? [vm.biosUuid] : []),
    ],
  }));
}

function exclusionOf({ exclude }: VmSelection): Criteria {
  if (exclude === undefined) return {};
  return typeof exclude === 'string' || Array.isArray(exclude) ? { name: exclude } : exclude;
}

const listOf = (words: Words | undefined): string[] =>
  words === undefined ? [] : Array.isArray(words) ? words : [words];

/** `*` is any text, `?` one character; case is ignored. */
export const fits = (glob: string, name: string): boolean => globOf(glob, 'i').test(name);

/** `folder` from the root, or from below the VM folder of any datacenter. */
export function isBelow(path: string, folder: string): boolean {
  const here = `${path}/`.toLowerCase();
  const wanted = `${folder.replace(/^\/+|\/+$/g, '')}/`.toLowerCase();
  return folder.startsWith('/') ? here.startsWith(`/${wanted}`) : withoutDatacenter(here).startsWith(wanted);
}

/** Datacenters may be in folders themselves; the VM folder of each is called `vm`. */
const withoutDatacenter = (path: string): string => path.replace(/^\/.*?\/vm\//, '');

const means = (word: string, { name, category }: Tag): boolean =>
  [name, `${category}/${name}`].some(known => known.toLowerCase() === word.toLowerCase());

/** Words that name nothing there is: a slip, or something that isn't there yet. */
function unknown(
  { folder, tag, name }: Criteria,
  below: string,
  vms: readonly ListedVm[],
  tags: readonly Tag[],
): Found['warnings'] {
  const folders = [...new Set(vms.map(vm => vm.folder))].sort();
  const warn = (pointer: string, message: string, word: string, known: string[]) => {
    const hint = suggest(word, known);
    return { pointer: below + pointer, message, ...(hint !== undefined && { hint }) };
  };
  return [
    ...listOf(folder)
      .filter(word => !folders.some(path => isBelow(path, word)))
      .map(word =>
        warn('/folder', `no VM is in a folder \`${word}\``, word, [
          ...folders.map(path => withoutDatacenter(`${path}/`).slice(0, -1)).filter(Boolean),
          ...folders,
        ]),
      ),
    ...listOf(tag)
      .filter(word => !tags.some(known => means(word, known)))
      .map(word => {
        const known = tags.map(({ category, name }) => (word.includes('/') ? `${category}/${name}` : name));
        return warn('/tag', `there is no tag \`${word}\``, word, known);
      }),
    ...(below === '' ? listOf(name) : [])
      .filter(word => !vms.some(vm => fits(word, vm.name)))
      .map(word => {
        const known = vms.map(vm => vm.name);
        return warn('/name', `no VM is called \`${word}\``, word.replace(/[*?]/g, ''), known);
      }),
  ];
}
