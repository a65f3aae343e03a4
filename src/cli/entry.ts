#!/usr/bin/env -S node --max-semi-space-size=2
// The young generation is kept at 2 MiB: a quarter less memory, and no slower (docs/speed.md).
// No import of ours here: an old Node must get this one line and not a syntax error from a chunk.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 15)) {
  process.stderr.write(
    `converge needs Node 22.15 or newer, this is ${process.versions.node}: install one from https://nodejs.org ` +
      '(in a checkout, bin/converge brings its own)\n',
  );
  process.exitCode = 1;
} else {
  const { run } = await import('./process.ts');
  await run();
}

export {};
