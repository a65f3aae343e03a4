import { ROOT } from '../inventory/inventory.ts';
import { invalidArgument, notFound } from '../soap/faults.ts';
import { isA } from '../soap/types.ts';
import { type Ref, ref, refs } from '../soap/vim.ts';
import { childrenOf, type Element, flagOf, refOf, required } from '../soap/xml-reader.ts';
import type { Method, Vcenter } from './method.ts';

function byUuid({ machines }: Vcenter, args: Element): Ref[] {
  if (!flagOf(args, 'vmSearch')) return [];
  const uuid = required(args, 'uuid').toLowerCase();
  const instance = flagOf(args, 'instanceUuid') ?? false;
  return machines.state.vms
    .filter(vm => (instance ? vm.instanceUuid : vm.uuid) === uuid)
    .map(vm => ref('VirtualMachine', vm.id));
}

export const searchMethods: Record<string, Method> = {
  FindByUuid: (vcenter, { args }) => byUuid(vcenter, args)[0],
  FindAllByUuid: (vcenter, { args }) => refs(byUuid(vcenter, args)),
  FindByInventoryPath({ inventory }, { args }) {
    let at: Ref | undefined = ROOT;
    for (const step of required(args, 'inventoryPath').split('/').filter(Boolean)) {
      at = at && inventory.childNamed(at, decodeURIComponent(step));
    }
    return at;
  },
  FindChild({ inventory }, { args }) {
    const entity = refOf(args, 'entity');
    if (!entity) throw invalidArgument('entity');
    if (!inventory.find(entity)) throw notFound(entity);
    return inventory.childNamed(entity, required(args, 'name'));
  },
  CreateContainerView({ inventory, newId }, { args, session }) {
    const container = refOf(args, 'container');
    if (!container) throw invalidArgument('container');
    if (!inventory.find(container)) throw notFound(container);
    const id = `session[${session.key}]${newId()}`;
    const types = childrenOf(args, 'type').map(one => one.text);
    session.views.set(id, { container, types, recursive: flagOf(args, 'recursive') ?? false });
    return ref('ContainerView', id);
  },
  DestroyView(_, { self, session }) {
    if (!session.views.delete(self.id)) throw notFound(self);
    return undefined;
  },
};

/** What a container view shows now. */
export const viewed = (
  { inventory }: Pick<Vcenter, 'inventory'>,
  view: { container: Ref; types: string[]; recursive: boolean },
): Ref[] =>
  inventory
    .below(view.container, view.recursive)
    .filter(one => view.types.length === 0 || view.types.some(type => isA(one.ref, type)));
