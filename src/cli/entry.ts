#!/usr/bin/env -S node --max-semi-space-size=2
// The young generation is kept at 2 MiB: a quarter less memory, and no slower (docs/speed.md).
// No import of ours here: an old Node must get this one line and not a syntax error from a chunk.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 15)) {
  // Only a checkout pins a Node; the published package runs on the one that is there.
  const own = existsSync(fileURLToPath(new URL('../bin/converge', import.meta.url)));
  const out = own ? 'use bin/converge, which brings its own' : 'install one from https://nodejs.org';
  process.stderr.write(`converge needs Node 22.15 or newer, this is ${process.versions.node}: ${out}\n`);
  process.exitCode = 1;
} else {
  const { run } = await import('./process.ts');
  await run();
}
