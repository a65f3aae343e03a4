import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../../io/ports.ts';
import { bool, type Data, data, int, list, long, oneOf, ref, text } from '../soap/vim.ts';
import type { Machines } from './machines.ts';
import { addressOf, type DiskState, type VmState } from './state.ts';
import { readStreamOptimized } from './vmdk.ts';

/** Milliseconds after the last word of its holder: 300 seconds, as a server says in `leaseTimeout`. */
const TIMEOUT = 300_000;

/** HttpNfcLeases: machines that were made and wait for what their disks hold. */
export interface Leases {
  begin(vm: VmState): Promise<string>;
  find(id: string): { info: Data } | undefined;
  progress(id: string): void;
  complete(id: string): Promise<void>;
  abort(id: string): Promise<void>;
  /** A machine whose lease nobody holds any more goes. */
  sweep(): Promise<void>;
  /** `POST /nfc/LEASE/disk-KEY.vmdk`. */
  serve(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

export const NFC = '/nfc/';

export function createLeases(machines: Machines, clock: Clock, newId: () => string): Leases {
  const spoken = new Map<string, number>();
  const holder = (id: string) => machines.state.vms.find(vm => vm.importing?.lease === id);
  const isOver = (vm: VmState) =>
    clock.now() > Math.max(vm.importing!.until, (spoken.get(vm.importing!.lease) ?? 0) + TIMEOUT);
  const end = async (id: string) => {
    const vm = holder(id);
    if (vm) await machines.removeVm(vm);
  };
  return {
    async begin(vm) {
      const lease = `session[${newId()}]`;
      await machines.configure(vm, { importing: { lease, until: clock.now() + TIMEOUT } });
      return lease;
    },
    find(id) {
      const vm = holder(id);
      if (!vm) return undefined;
      const disks = vm.disks.map(disk => deviceUrl(vm, id, disk));
      return {
        info: data('HttpNfcLeaseInfo', {
          lease: ref('HttpNfcLease', id),
          entity: ref('VirtualMachine', vm.id),
          deviceUrl: list('HttpNfcLeaseDeviceUrl', disks),
          totalDiskCapacityInKB: long(
            vm.disks.reduce((sum, { uuid }) => sum + Math.floor(machines.disk(uuid).capacity() / 1024), 0),
          ),
          leaseTimeout: int(TIMEOUT / 1000),
        }),
      };
    },
    progress(id) {
      spoken.set(id, clock.now());
    },
    async complete(id) {
      const vm = holder(id);
      if (vm) await machines.configure(vm, { importing: undefined });
    },
    abort: end,
    async sweep() {
      for (const vm of machines.state.vms.filter(one => one.importing)) {
        if (isOver(vm)) await machines.removeVm(vm);
      }
    },
    async serve(request, response) {
      const [, , id = '', name = ''] = decodeURIComponent((request.url ?? '').split('?')[0]!).split('/');
      const refuse = (status: number) => response.writeHead(status, { 'content-length': '0' }).end();
      const vm = holder(id);
      const state = vm?.disks.find(({ key }) => name === `disk-${key}.vmdk`);
      if (!state || request.method !== 'POST') {
        request.resume();
        return void refuse(404);
      }
      const disk = machines.disk(state.uuid);
      try {
        await readStreamOptimized(request, disk.capacity(), (offset, bytes) => disk.overwrite(offset, bytes));
      } catch {
        request.resume();
        return void refuse(500);
      }
      refuse(200);
    },
  };
}

/** A device is called by its controller, bus and unit, as the reference has it; `*` is the server itself. */
const deviceUrl = (vm: VmState, lease: string, { key }: DiskState): Data => {
  const { controller, unit } = addressOf(key);
  return data('HttpNfcLeaseDeviceUrl', {
    key: text(`/${vm.id}/ParaVirtualSCSIController${controller}:${unit}`),
    importKey: text(`/${vm.name}/ParaVirtualSCSIController${controller}:${unit}`),
    url: text(`https://*${NFC}${encodeURIComponent(lease)}/disk-${key}.vmdk`),
    sslThumbprint: text(''),
    disk: bool(true),
    targetId: text(`disk-${key}.vmdk`),
  });
};

export const leaseState = (state: 'ready'): ReturnType<typeof oneOf> => oneOf('HttpNfcLeaseState', state);
