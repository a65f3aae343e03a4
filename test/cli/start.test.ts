import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { binary, scratch } from '../support/cli.ts';

/** Runs before converge in its process, and writes down what that loads. */
const watcher = `import { registerHooks } from 'node:module';
import { writeFileSync } from 'node:fs';
const loaded = [];
let segmenters = 0;
registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
Intl.Segmenter = class extends Intl.Segmenter { constructor(...given) { super(...given); segmenters++; } };
process.on('exit', () => writeFileSync(process.env.LOADED, JSON.stringify({ loaded, segmenters, builtins: process.moduleLoadList })));
`;

/** What one command of the built converge loads: chunks, the modules in them, and tables of Unicode. */
async function loadedBy(dir: string, args: string[]) {
  await writeFile(join(dir, 'watcher.mjs'), watcher);
  const env = {
    PATH: process.env.PATH!,
    HOME: dir,
    NODE_OPTIONS: `--import=${join(dir, 'watcher.mjs')}`,
    LOADED: join(dir, 'loaded.json'),
  };
  const { code, stderr } = await binary(dir, args, env);
  expect(code, stderr).toBe(0);
  const { loaded, segmenters, builtins } = JSON.parse(await readFile(env.LOADED, 'utf8')) as {
    loaded: string[];
    segmenters: number;
    builtins: string[];
  };
  const chunks = loaded.filter(url => url.includes('/dist/chunks/')).map(url => fileURLToPath(url));
  const texts = await Promise.all(chunks.map(chunk => readFile(chunk, 'utf8')));
  // esbuild says before each module where it is from.
  const modules = texts.flatMap(text => [...text.matchAll(/^\/\/ ((?:src|node_modules)\/\S+)$/gm)]);
  return {
    chunks: chunks.map(chunk => basename(chunk)),
    bytes: texts.reduce((sum, text) => sum + text.length, 0),
    modules: modules.map(([, path]) => path!),
    segmenters,
    builtins,
  };
}

async function withFiles(): Promise<string> {
  const dir = await scratch();
  await mkdir(join(dir, 'files'));
  const files = [1, 2].map(i => `    ${dir}/files/f${i}: { content: "line ${i}", mode: "0644" }\n`);
  await writeFile(join(dir, 'm.yaml'), `converge: 1\nresources:\n  file:\n${files.join('')}`);
  return dir;
}

/** Of no use to a run about files of this host. */
const elsewhere =
  /^(?:src\/(?:lab|adopt|bundle|masterless|recovery\/(?!model)|replication\/(?:restore|verify|stores)|app\/(?:self|masterless|recovery|repository|adopt)|cli\/commands\/(?!run\/|index)|manifest\/schema\/ajv)|node_modules\/(?:@|ajv|execa|listr2|yauzl|yazl|@marcbachmann)|src\/(?:aws|vsphere\/client)\/(?!target))/;

test('apply of files loads a start in few chunks, and nothing of what it is not about', async () => {
  const dir = await withFiles();
  for (const state of ['first', 'in sync']) {
    const { chunks, bytes, modules, segmenters } = await loadedBy(dir, ['apply', 'm.yaml', '--yes']);
    expect(modules, state).toContain('src/engine/apply/apply.ts');
    expect(
      modules.filter(path => elsewhere.test(path)),
      state,
    ).toEqual([]);
    expect(modules.filter(path => path.startsWith('src/manifest/generated/'))).toEqual([
      'src/manifest/generated/validators.js',
      'src/manifest/generated/validators/file.js',
    ]);
    expect(chunks.length, chunks.join(' ')).toBeLessThanOrEqual(10);
    expect(bytes, state).toBeLessThan(1.95 * 2 ** 20);
    expect(segmenters, state).toBe(0);
  }
});

test('--version loads neither the start nor a command', async () => {
  const { modules, bytes } = await loadedBy(await scratch(), ['--version']);
  expect(modules).toContain('src/cli/process.ts');
  expect(
    modules.filter(path => /^(?:node_modules|src\/(?:engine|manifest|resources|app\/run))/.test(path)),
  ).toEqual([]);
  expect(bytes).toBeLessThan(64 * 1024);
});

test('a command that is not of a run brings its own, and the help knows all', async () => {
  const { modules } = await loadedBy(await scratch(), ['completion', 'bash']);
  expect(modules).toContain('src/cli/commands/start/completion.ts');
  expect(modules).not.toContain('src/cli/commands/lab/lab.ts');
  const help = await loadedBy(await scratch(), ['--help']);
  expect(help.modules).toContain('src/cli/commands/lab/lab.ts');
});

test('a plan over home and AWS loads nothing of undici, which importing http would', async () => {
  const dir = await scratch();
  await writeFile(
    join(dir, 'm.yaml'),
    `converge: 1
targets: { home: { type: vsphere, url: https://vc.example.com, username: u, password: "\${secret('env:HOME')}" } }
resources: { protected_vm: { dc02: { repository: s3://dr/vms, schedule: every hour } } }
`,
  );
  const { builtins } = await loadedBy(dir, ['plan', 'm.yaml', '--lab', 'lab']);
  expect(builtins).toContain('NativeModule http');
  expect(builtins.filter(name => name.includes('undici'))).toEqual([]);
});
