import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { Failure, world } from '../../diagnostics/diagnostic.ts';

/** A machine that runs. */
export interface Machine {
  /** Port of the machine to port on 127.0.0.1. */
  ports: Record<number, number>;
  /** All that it wrote to its serial port so far. */
  console(): Promise<string>;
  /** Its screen as a PNG; undefined when it has none to show. */
  screenshot(): Promise<Buffer | undefined>;
  hasEnded(): boolean;
  /** Powers it off; resolves when it is gone. */
  stop(): Promise<void>;
}

export interface MachineSpec {
  /** Of its own; holds its serial log, its firmware's variables and its disks' changes. */
  dir: string;
  /** Raw images, the root first. They are not written to. */
  disks: { path: string; serial: string }[];
  firmware: 'legacy-bios' | 'uefi';
  memoryMiB: number;
  mac: string;
  /** Ports of it that shall be reached. */
  ports: readonly number[];
  /** What its firmware says that it is. */
  model: { instance: string; type: string };
  /** Port on 127.0.0.1 of its metadata service, which it reaches at 169.254.169.254. */
  metadata: number;
}

const program = 'qemu-system-x86_64';
/** Where distributions put UEFI for virtual machines, and its empty variables. */
const firmwares = [
  ['/usr/share/OVMF/OVMF_CODE_4M.fd', '/usr/share/OVMF/OVMF_VARS_4M.fd'],
  ['/usr/share/OVMF/OVMF_CODE.fd', '/usr/share/OVMF/OVMF_VARS.fd'],
  ['/usr/share/edk2/x64/OVMF_CODE.4m.fd', '/usr/share/edk2/x64/OVMF_VARS.4m.fd'],
] as const;

/**
 * Starts QEMU with volumes as NVMe disks, as Nitro presents them, and with fresh variables for a UEFI
 * machine. Its network reaches nothing. Throws a Failure where QEMU or its firmware isn't installed.
 */
export async function startMachine(spec: MachineSpec): Promise<Machine> {
  const serial = join(spec.dir, 'serial.log');
  const picture = join(spec.dir, 'screen.png');
  const ports = Object.fromEntries(await Promise.all(spec.ports.map(async port => [port, await freePort()])));
  const forwards = Object.entries(ports).map(
    ([inside, outside]) => `hostfwd=tcp:127.0.0.1:${outside}-:${inside}`,
  );
  const child = spawn(
    program,
    [
      // Without KVM: where /dev/kvm is there, in a machine inside another one, it may hang all the same.
      ...['-accel', 'tcg,thread=multi', '-machine', 'q35'],
      ...['-m', String(spec.memoryMiB), '-smp', '1', '-nodefaults', '-display', 'none', '-vga', 'std'],
      '-no-reboot',
      ...['-serial', `file:${serial}`, '-qmp', 'stdio'],
      ...(await firmwareOf(spec)),
      ...spec.disks.flatMap(({ path, serial: id }, index) => [
        ...['-drive', `if=none,id=disk${index},format=raw,snapshot=on,file=${path.replaceAll(',', ',,')}`],
        ...['-device', `nvme,serial=${id.replace('-', '')},drive=disk${index},bootindex=${index + 1}`],
      ]),
      ...['-netdev', ['user,id=net,restrict=on', ...forwards].join(',')],
      ...['-device', `e1000e,netdev=net,mac=${spec.mac}`],
      ...metadataOf(spec),
      // As Nitro's firmware has it, which is how a system tells that it is an instance.
      ...['-smbios', `type=1,manufacturer=Amazon EC2,product=${spec.model.type}`],
      ...['-smbios', `type=2,manufacturer=Amazon EC2,asset=${spec.model.instance}`],
    ],
    { stdio: ['pipe', 'pipe', 'ignore'], env: { PATH: process.env.PATH, TMPDIR: spec.dir } },
  );
  const ended = new Promise<void>(resolve => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  await new Promise<void>((started, failed) => {
    child.once('spawn', started);
    child.once('error', error => failed(missing(program, error)));
  });
  let answered: (() => void) | undefined;
  // A line for each answer; its content does not matter, only that it came.
  child.stdout.on('data', () => answered?.());
  child.stdin.on('error', () => {});
  const say = (command: object) => child.stdin.write(`${JSON.stringify(command)}\n`);
  say({ execute: 'qmp_capabilities' });
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  return {
    ports,
    hasEnded,
    console: async () => (await readFile(serial).catch(() => Buffer.alloc(0))).toString('latin1'),
    async screenshot() {
      if (hasEnded()) return undefined;
      await rm(picture, { force: true });
      const done = new Promise<void>(resolve => {
        answered = resolve;
      });
      say({ execute: 'screendump', arguments: { filename: picture, format: 'png' } });
      await Promise.race([done, ended]);
      return readFile(picture).catch(() => undefined);
    },
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/**
 * A second network card: QEMU forwards only addresses of the network that it plays to a machine. Each
 * connection is a small program of its own, which carries it to the service.
 */
function metadataOf({ metadata }: MachineSpec): string[] {
  const carry = `s=require("net").connect(${metadata},"127.0.0.1");process.stdin.pipe(s);s.pipe(process.stdout)`;
  const command = `'${process.execPath}' -e '${carry}'`;
  const network = 'net=169.254.169.0/24,host=169.254.169.2,dns=169.254.169.3,dhcpstart=169.254.169.16';
  const forward = `guestfwd=tcp:169.254.169.254:80-cmd:${command.replaceAll(',', ',,')}`;
  return [
    ...['-netdev', `user,id=metadata,restrict=on,${network},${forward}`],
    ...['-device', 'e1000e,netdev=metadata'],
  ];
}

async function firmwareOf({ firmware, dir }: MachineSpec): Promise<string[]> {
  if (firmware === 'legacy-bios') return [];
  const found = firmwares.find(([code]) => existsSync(code));
  if (!found) throw missing('OVMF, the firmware of UEFI machines,');
  const variables = join(dir, 'variables.fd');
  await copyFile(found[1], variables);
  const drive = 'if=pflash,format=raw';
  return [
    ...['-drive', `${drive},unit=0,readonly=on,file=${found[0]}`],
    ...['-drive', `${drive},unit=1,file=${variables.replaceAll(',', ',,')}`],
  ];
}

const missing = (what: string, cause?: unknown) =>
  new Failure(
    world('no-qemu', `${what} is not installed: the lab can't boot a machine`, {
      hint: 'on Debian and Ubuntu: apt-get install qemu-system-x86 ovmf',
    }),
    { cause },
  );

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise(closed => server.close(closed));
  return port;
}
