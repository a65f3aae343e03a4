import { Failure, world } from '../../src/diagnostics/diagnostic.ts';
import {
  ChangeIdRejected,
  type Extent,
  type RestingMachine,
  type SourceVm,
} from '../../src/replication/model/source.ts';
import { VM } from '../support/repository.ts';

/** A machine at home with one disk in memory, that stands still. */
export interface Resting extends RestingMachine {
  disk: Buffer;
  /** What it says of itself; each may be changed. */
  is: SourceVm;
  /** What it wrote since the point; a reason: its change tracking says nothing. */
  changed: Extent[] | 'reset';
  /** What was asked of it that changes something, in order. */
  asked: string[];
  /** Ranges that were written into its disk, in order. */
  wrote: Extent[];
  wholeOnly?: NonNullable<RestingMachine['wholeOnly']>;
  /** What it writes while it runs on. */
  write(offset: number, bytes: Buffer): void;
}

export const CHANGE_ID = '52 de/7';

export function resting(content: Buffer, label = 'Hard disk 1', identity = 'disk-a'): Resting {
  const machine: Resting = {
    uuid: VM.uuid,
    disk: Buffer.from(content),
    changed: [],
    asked: [],
    wrote: [],
    is: {
      moref: 'vm-1',
      name: VM.name,
      uuid: VM.uuid,
      changeTracking: true,
      changeTrackingSupported: true,
      poweredOn: false,
      quiescing: 'file-system',
      consolidationNeeded: false,
      disks: [{ key: 2000, index: 0, label, identity, capacity: content.length }],
      snapshots: [],
      now: 0,
    },
    inspect: async () => machine.is,
    async shutDown() {
      machine.asked.push('shut-down');
      machine.is.poweredOn = false;
    },
    async changedSince(_disk, startOffset, changeId) {
      if (changeId !== CHANGE_ID || machine.changed === 'reset')
        throw new Failure(world('vsphere-change-id-rejected', 'no'), { cause: new ChangeIdRejected() });
      return { startOffset, length: machine.disk.length - startOffset, areas: machine.changed };
    },
    open: async () => ({
      size: machine.disk.length,
      readInto: async (target, offset) => void machine.disk.copy(target, 0, offset),
      close: async () => {},
    }),
    wholeOnly: { why: 'it takes whole files', hint: 'give it more' },
    async openToWrite(disk) {
      machine.asked.push('open-to-write');
      return {
        ...(await machine.open(disk)),
        async write(offset, bytes) {
          machine.wrote.push({ start: offset, length: bytes.length });
          bytes.copy(machine.disk, offset);
        },
        flush: async () => void machine.asked.push('flush'),
      };
    },
    async replace(_disk, content) {
      machine.asked.push('replace');
      let at = 0;
      for await (const bytes of content) at += bytes.copy(machine.disk, at);
    },
    async endTracking() {
      machine.asked.push('end-tracking');
    },
    write(offset, bytes) {
      bytes.copy(machine.disk, offset);
      if (machine.changed !== 'reset') machine.changed.push({ start: offset, length: bytes.length });
    },
  };
  return machine;
}
