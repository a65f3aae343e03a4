import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { underEither } from '../../io/either.ts';
import { bootDiskKey, type MachineRecord } from '../../replication/model/machine.ts';
import type { Import, MachineMaker, NewMachine } from '../../replication/model/source.ts';
import { readDisks, type VmDisk } from '../inventory/devices.ts';
import { type InventoryVm, listVms } from '../inventory/inventory.ts';
import { readMachineRecord } from '../inventory/machine-record.ts';
import { openDisk, type Transports } from '../snapshots/transport.ts';
import { explain, faultType } from '../soap/faults.ts';
import { readMoref, ref } from '../soap/moref.ts';
import { readObject } from '../soap/property-collector.ts';
import type { Session } from '../soap/soap-session.ts';
import { runTask } from '../soap/tasks.ts';
import { textAt } from '../soap/xml.ts';
import { el } from '../soap/xml-writer.ts';
import { type DeviceUrl, heldLease } from './lease.ts';
import { placeOf, placeWords } from './places.ts';
import { disksOf, importSpec, MARK, mark } from './spec.ts';
import { type Server, upload } from './upload.ts';

/** A machine that is half made is busy until its lease ends, five minutes after the last word. */
const removedWithin = 15 * 60_000;
const reconfiguredWithin = 10 * 60_000;

export function createMaker(
  session: Session,
  server: Server,
  datacenter: string | undefined,
  transports: Transports,
): MachineMaker {
  const all = (signal?: AbortSignal) => explain('list the VMs', () => listVms(session, datacenter, signal));
  const byUuid = async (uuid: string, signal?: AbortSignal) =>
    (await all(signal)).find(vm => vm.uuid === uuid.toLowerCase());
  const decided = async (
    machine: NewMachine,
    wanted: Parameters<MachineMaker['place']>[1],
    signal?: AbortSignal,
  ) => {
    const like = await byUuid(machine.like, signal);
    const place = await explain(`say where VM ${machine.name} can go`, () =>
      placeOf(session, datacenter, machine, wanted, like, signal),
    );
    return { place, like };
  };
  return {
    place: async (...of) => placeWords((await decided(...of)).place),
    async named(name, signal) {
      const found = (await all(signal)).find(vm => vm.name === name);
      if (!found) return undefined;
      const paths = ['config.extraConfig', 'runtime.powerState'];
      const read = () => readObject(session, found.moref, paths, signal);
      const p = await explain(`read VM ${name}`, read);
      const extra = p.get('config.extraConfig')?.children.find(one => textAt(one, 'key') === MARK);
      const [, state, text] = /^(importing|whole) (.+)$/s.exec(textAt(extra, 'value') ?? '') ?? [];
      return {
        uuid: found.uuid,
        poweredOn: p.get('runtime.powerState')?.text !== 'poweredOff',
        ...(text !== undefined && { mark: text }),
        finished: state === 'whole',
      };
    },
    async begin(machine, wanted, signal) {
      const { place, like } = await decided(machine, wanted, signal);
      const doing = `make VM ${machine.name}`;
      // Not repeated when its answer is lost: there might be two. It is found by its mark.
      const [lease] = await explain(doing, () =>
        session.invoke({
          method: 'ImportVApp',
          self: place.pool.moref,
          args: [
            importSpec(machine, place, like === undefined),
            ref('folder', place.folder.moref),
            ...(place.host ? [ref('host', place.host.moref)] : []),
          ],
          signal,
        }),
      );
      const held = await heldLease(session, readMoref(lease, 'ImportVApp'), doing, signal);
      return importOf(session, server, machine, held);
    },
    async open(uuid, machine, disk, signal) {
      const vm = await byUuid(uuid, signal);
      if (!vm) throw goneMeanwhile(uuid);
      return openDisk(
        session,
        vm,
        undefined,
        await diskAt(session, vm, machine, disk, signal),
        transports,
        signal,
      );
    },
    async finish(uuid, machine, signal) {
      const vm = await byUuid(uuid, signal);
      if (!vm) throw goneMeanwhile(uuid);
      const key = bootDiskKey(machine.machine);
      const isFirst = key === machine.machine.disks[0]?.key || !machine.disks.some(one => one.key === key);
      const boot = isFirst ? undefined : await diskAt(session, vm, machine.machine, key!, signal);
      const order = boot && [
        el('bootOptions', [
          el('bootOrder', [el('deviceKey', boot.key)], {
            'xsi:type': 'VirtualMachineBootOptionsBootableDiskDevice',
          }),
        ]),
      ];
      const doing = `configure VM ${machine.name}`;
      const spec = el('spec', [mark(machine.mark, true), ...(order ?? [])]);
      const start = () => session.query({ method: 'ReconfigVM_Task', self: vm.moref, args: [spec] });
      await explain(doing, () =>
        runTask(session, start, { doing, deadline: reconfiguredWithin, signal, onAbort: 'cancel' }),
      );
    },
    async remove(uuid, signal) {
      const vm = await byUuid(uuid, signal);
      if (!vm) return;
      const doing = `remove VM ${vm.name}, which was half made`;
      const start = () => session.query({ method: 'Destroy_Task', self: vm.moref });
      await explain(doing, () =>
        runTask(session, start, { doing, deadline: removedWithin, signal, onAbort: 'leave' }).catch(error => {
          if (faultType(error) !== 'ManagedObjectNotFound') throw error;
        }),
      );
    },
  };
}

function importOf(
  session: Session,
  server: Server,
  machine: NewMachine,
  lease: Awaited<ReturnType<typeof heldLease>>,
): Import {
  const disks = disksOf(machine);
  const all = disks.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  return {
    async upload(key, content, signal) {
      const at = disks.findIndex(({ disk }) => disk.key === key);
      const { disk, bytes } = disks[at]!;
      const to = urlOf(lease.disks, disk, at);
      if (!to) throw noUrl(machine.name, key);
      let sent = 0;
      const told = async function* () {
        for await (const piece of content.bytes) {
          sent += piece.length;
          lease.progress(((done + (bytes * sent) / content.length) / all) * 100);
          yield piece;
        }
      };
      const of = `disk ${key} of VM ${machine.name}`;
      await underEither([signal, lease.gone], both =>
        upload(session, server, to, of, { length: content.length, bytes: told() }, both),
      );
      done += bytes;
    },
    async complete() {
      lease.gone.throwIfAborted();
      await lease.complete();
      const p = await explain(`read VM ${machine.name}`, () =>
        readObject(session, lease.entity, ['config.instanceUuid']),
      );
      return (p.get('config.instanceUuid')?.text ?? '').toLowerCase();
    },
    abort: lease.abort,
  };
}

/**
 * vSphere calls a device by its controller, bus and unit. Where a server has names of its own, disks are in
 * the order in which they were asked for; what was mixed up is seen when they are compared.
 */
function urlOf(
  urls: readonly DeviceUrl[],
  { controller, bus, unit }: { controller: string; bus: number; unit: number },
  at: number,
): DeviceUrl | undefined {
  const named = urls.find(({ importKey }) => importKey.endsWith(`/${controller}${bus}:${unit}`));
  return named ?? (urls.some(({ importKey }) => /Controller\d+:\d+$/.test(importKey)) ? undefined : urls[at]);
}

/** The disk of a machine that is where the record has it. */
async function diskAt(
  session: Session,
  vm: InventoryVm,
  machine: MachineRecord,
  key: number,
  signal?: AbortSignal,
): Promise<VmDisk> {
  const paths = ['config'];
  const p = await explain(`read VM ${vm.name}`, () => readObject(session, vm.moref, paths, signal));
  const is = readMachineRecord(p.get('config'), undefined);
  const wanted = machine.disks.find(one => one.key === key)!;
  const same = is.disks.find(
    one => one.controller === wanted.controller && one.bus === wanted.bus && one.unit === wanted.unit,
  );
  const hardware = p.get('config')?.children.find(({ name }) => name === 'hardware');
  const devices = hardware && {
    ...hardware,
    children: hardware.children.filter(({ name }) => name === 'device'),
  };
  const found = readDisks(devices).find(one => one.key === same?.key);
  if (found) return found;
  throw new Failure(
    world(
      'home-in-the-way',
      `VM ${vm.name} has no disk at ${wanted.controller} ${wanted.bus}, unit ${wanted.unit}`,
      { hint: 'somebody changes it at the same time: run again once that has ended' },
    ),
  );
}

const goneMeanwhile = (uuid: string): Failure =>
  new Failure(
    world('home-in-the-way', `the new VM ${uuid} is gone`, {
      hint: 'somebody has removed it: run again, and it is made anew',
    }),
  );

const noUrl = (name: string, key: number): Failure =>
  new Failure(
    world('import-lost', `vSphere does not say where disk ${key} of VM ${name} is to be sent`, {
      hint: 'run again, or bring the machine home into a folder with --to DIR',
    }),
  );
