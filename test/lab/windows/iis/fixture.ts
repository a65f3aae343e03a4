import type { FileStat, Files } from '../../../../src/io/ports.ts';
import { appcmd } from '../../../../src/lab/windows/iis/appcmd.ts';
import { FEATURES } from '../../../../src/lab/windows/iis/host/feature-table.ts';
import { iisFeatureChanged } from '../../../../src/lab/windows/iis/host/features.ts';
import type { Answer, Language, Machine } from '../../../../src/lab/windows/machine/machine.ts';

export interface MemoryFiles extends Files {
  written: Map<string, Buffer>;
  folders: Set<string>;
  spelt: Map<string, string>;
}

/** Windows files in memory: one name whatever its case and slashes. */
export function memoryFiles(like?: MemoryFiles): MemoryFiles {
  const files = new Map<string, Buffer>(like?.written);
  const folders = new Set<string>(like?.folders ?? ['c:']);
  const spelt = new Map<string, string>(like?.spelt);
  const key = (path: string) => path.replace(/\//g, '\\').replace(/\\+$/, '').toLowerCase();
  const parent = (path: string) => path.replace(/\\[^\\]*$/, '');
  const stat = (kind: FileStat['kind'], size: number) =>
    ({ kind, size, mode: 0, mtimeNs: 0n, ctimeNs: 0n, inode: 0n, uid: 0, gid: 0 }) satisfies FileStat;
  const refuse = (): never => {
    throw new Error('not used here');
  };
  return {
    written: files,
    folders,
    spelt,
    read: async path => files.get(key(path)),
    stat: async path => {
      const found = files.get(key(path));
      if (found) return stat('file', found.length);
      return folders.has(key(path)) ? stat('directory', 0) : undefined;
    },
    list: async path => {
      const at = key(path);
      if (!folders.has(at)) return undefined;
      const inside = [...files.keys(), ...folders].filter(each => parent(each) === at && each !== at);
      return inside.map(each => spelt.get(each) ?? each.slice(at.length + 1));
    },
    readlink: async () => undefined,
    open: refuse,
    writeAtomic: async (path, bytes) => {
      if (!Buffer.isBuffer(bytes)) return refuse();
      if (!folders.has(parent(key(path)))) throw Object.assign(new Error(path), { code: 'ENOENT' });
      files.set(key(path), bytes);
      spelt.set(key(path), path.replace(/^.*[\\/]/, ''));
    },
    chmod: async () => {},
    mkdir: async path => {
      const parts = key(path).split('\\');
      if (!folders.has(key(path))) spelt.set(key(path), path.replace(/^.*[\\/]/, ''));
      for (let at = 1; at <= parts.length; at++) folders.add(parts.slice(0, at).join('\\'));
    },
    rename: refuse,
    temporaryName: refuse,
    link: refuse,
    syncFolder: refuse,
    remove: async (path, options) => {
      files.delete(key(path));
      folders.delete(key(path));
      if (!options?.recursive) return;
      for (const each of [...files.keys()]) if (each.startsWith(`${key(path)}\\`)) files.delete(each);
      for (const each of folders) if (each.startsWith(`${key(path)}\\`)) folders.delete(each);
    },
    freeSpace: async () => 0,
  };
}

export type Host = Machine & { files: MemoryFiles };

const installed = new Map<string, MemoryFiles>();

/** A host with every feature of IIS, or only with those named. */
export async function iisHost(
  language: Language = 'en',
  features: readonly string[] = Object.keys(FEATURES).filter(name => name.startsWith('IIS-')),
): Promise<Host> {
  let next = 0;
  const machine: Host = {
    files: memoryFiles(),
    language,
    clock: { now: () => Date.UTC(2026, 0, 2, 3, 4, 5), sleep: async () => {} },
    random: {
      bytes: length => Buffer.alloc(length, next++),
      uuid: () => '00000000-0000-4000-8000-000000000000',
    },
  };
  const key = features.join();
  const files = installed.get(key);
  if (files) return { ...machine, files: memoryFiles(files) };
  for (const feature of ['IIS-WebServerRole', ...features]) await iisFeatureChanged(machine, feature, true);
  installed.set(key, memoryFiles(machine.files));
  return machine;
}

/** Runs appcmd with these arguments; `input` is stdin. */
export const run = (machine: Machine, args: string[], input = ''): Promise<Answer> =>
  appcmd({ args, input, cwd: 'C:\\', env: {} }, machine);

/** Runs appcmd, and gives its lines. */
export async function lines(machine: Machine, ...args: string[]): Promise<string[]> {
  const { stdout } = await run(machine, args);
  return stdout.split('\r\n').slice(0, -1);
}

export const HOST_FILE = 'C:\\Windows\\System32\\inetsrv\\config\\applicationHost.config';
export const hostFile = async (machine: Machine): Promise<string> =>
  (await machine.files.read(HOST_FILE))!.toString();
