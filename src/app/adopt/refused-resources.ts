import { resolve } from 'node:path';
import type { Registry } from '../../engine/model/resource-type.ts';
import type { ReadFiles } from '../../io/ports.ts';
import { compile } from '../../manifest/compile.ts';
import { type Written, writeManifest } from '../../manifest/write-manifest.ts';

/**
 * Of resources that converge made itself for a host: which of them a manifest can't hold, with the first
 * mistake that it would have. Each is checked with those before it, so of two that contradict each other
 * the later one is refused.
 */
export async function refusedResources<T extends Written>(
  resources: readonly T[],
  registry: Registry,
  platform: NodeJS.Platform,
): Promise<Map<T, string>> {
  const refused = new Map<T, string>();
  if ((await mistakeOf(resources, registry, platform)) === undefined) return refused;
  const taken: T[] = [];
  for (const one of resources) {
    const mistake = await mistakeOf([...taken, one], registry, platform);
    if (mistake === undefined) taken.push(one);
    else refused.set(one, mistake);
  }
  return refused;
}

const folder = resolve('/');
const path = resolve(folder, 'manifest.yaml');

async function mistakeOf(
  resources: readonly Written[],
  registry: Registry,
  platform: NodeJS.Platform,
): Promise<string | undefined> {
  const text = writeManifest({ schema: 's', about: [], targets: [], resources });
  const { diagnostics } = await compile([path], {
    registry,
    files: onlyFile(path, Buffer.from(text)),
    cwd: folder,
    platform,
    hostCwd: platform === 'win32' ? 'C:\\' : '/',
  });
  const error = diagnostics.find(({ severity }) => severity === 'error');
  return error && `${error.message}${error.hint === undefined ? '' : ` (${error.hint})`}`;
}

const onlyFile = (only: string, bytes: Buffer): ReadFiles => ({
  read: async path => (path === only ? bytes : undefined),
  stat: async path => (path === only ? { ...noStat, size: bytes.length } : undefined),
  list: async () => undefined,
  readlink: async () => undefined,
  open: async () => undefined,
});

const noStat = { kind: 'file' as const, mode: 0, mtimeNs: 0n, ctimeNs: 0n, inode: 0n, uid: 0, gid: 0 };
