/**
 * What `converge prune` costs where one VM has many points: `node bench/operation/prune.ts [POINTS] [GIB]`.
 * A point an hour, of which each changes some blocks, thinned to `all: 24h, hourly: 3d, daily: 30d, monthly:
 * 1y`. The first run marks, the second one, nine days later, removes. It prints requests and memory of each,
 * in a process of its own. Nothing is asserted.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { nodeHost } from '../../src/io/node.ts';
import { pruneRepository } from '../../src/replication/prune/prune-repository.ts';
import { GRACE } from '../../src/replication/prune/work.ts';
import { createRepository, openRepository } from '../../src/replication/repository/open-repository.ts';
import { retentionOf } from '../../src/replication/retention/policy.ts';
import { fileStore } from '../../src/replication/stores/file.ts';
import { memoryStore } from '../../test/support/memory-store.ts';
import { aDisk, pointContent, VM } from '../../test/support/repository.ts';

const HOUR = 3_600_000;
const BLOCK = 65_536;
/** Blocks that each point changes, spread over the disk. */
const CHANGED = 4;
/** As bin/converge starts it. */
const LIKE_CONVERGE = ['--max-semi-space-size=2'];
const policy = retentionOf({ all: '24h', hourly: '3d', daily: '30d', monthly: '1y' });
const host = nodeHost();

/** Written without syncing each file, each as old as its point. */
async function build(folder: string, points: number, gib: number): Promise<void> {
  const end = Date.now() - HOUR;
  let time = 0;
  const store = memoryStore('memory://bench', () => time);
  const known = new Set<string>();
  const flush = () => {
    for (const [key, { bytes, modified }] of store.objects) {
      const isReplaced = key.endsWith('/head');
      if (known.has(key) && !isReplaced) continue;
      const path = join(folder, key);
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      writeFileSync(path, bytes, { mode: 0o600 });
      utimesSync(path, modified / 1000, modified / 1000);
      // What nobody reads again while points are made needn't be held.
      if (/\/(packs|points)\//.test(key)) store.objects.delete(key);
      else known.add(key);
    }
    store.calls.length = 0;
  };
  const vm = (await createRepository(store, { random: host.random })).vm(VM.uuid);
  const blocks = (gib * 2 ** 30) / BLOCK;
  const disk = aDisk(gib * 2 ** 30);
  for (let n = 0; n < points; n++) {
    time = end - (points - 1 - n) * HOUR;
    const head = await vm.head();
    const before = head && (await vm.point(head.head.point));
    const writer = await vm.writer(head, async () => {});
    const target = await writer.disk(disk, before?.disks[0]);
    for (let i = 0; i < CHANGED; i++) {
      const at = createHash('sha256').update(`${n} ${i}`).digest().readUInt32BE(0) % blocks;
      await target.put(at, Buffer.alloc(BLOCK, `${n} ${i} `));
    }
    await writer.commit(pointContent({ time }), async () => {});
    if (n % 100 === 99) {
      flush();
      process.stderr.write(`\r${n + 1} points`);
    }
  }
  flush();
  process.stderr.write('\n');
}

/** One run, counted. */
async function run(folder: string): Promise<void> {
  const calls: Record<string, number> = {};
  const store = fileStore(folder, host);
  const count = (name: string) => {
    calls[name] = (calls[name] ?? 0) + 1;
  };
  const counted = new Proxy(store, {
    get: (target, name: keyof typeof store) => {
      const value = target[name];
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        // In a bucket a listing is a request for each thousand keys, and so is what is erased.
        count(name);
        return (value as (...all: unknown[]) => unknown).apply(target, args);
      };
    },
  });
  const repository = await openRepository(counted, { random: host.random });
  const began = performance.now();
  const cpu = process.cpuUsage();
  const [one] = await pruneRepository(repository, {
    ...{
      ruleOf: () => ({ retention: policy }),
      grace: GRACE,
      dry: false,
      now: Date.now(),
      step: async () => {},
    },
    onDamage: failure => {
      throw failure;
    },
    onUntouched: (_, failure) => {
      throw failure;
    },
  });
  const { user, system } = process.cpuUsage(cpu);
  if (one?.doubt) throw one.doubt;
  const { marked, removed, objects } = one!;
  console.log(
    JSON.stringify({
      ...{
        marked: marked.length,
        removed: removed.length,
        objects: objects?.removed,
        waiting: objects?.waiting,
      },
      ...{ calls, seconds: Math.round((performance.now() - began) / 1000) },
      cpu_seconds: Math.round((user + system) / 1e6),
      peak_mib: Math.round(process.resourceUsage().maxRSS / 1024),
    }),
  );
}

/** As if nine days had gone by since the run before. */
async function age(folder: string): Promise<void> {
  const then = Date.now() / 1000 - 9 * 86_400;
  for (const one of await readdir(folder, { recursive: true }))
    if (/\/removed\/|\/pruning$/.test(one)) utimesSync(join(folder, one), then, then);
}

const [first, second, third] = process.argv.slice(2);
if (first === '--run') await run(second!);
else if (first === '--age') await age(second!);
else if (first === '--build') await build(second!, Number(third), 1);
else {
  const folder = mkdtempSync(join(tmpdir(), 'converge-bench-'));
  try {
    await build(folder, Number(first ?? 10_000), Number(second ?? 1));
    for (const what of ['marks', 'removes', 'has nothing to do']) {
      const { stdout, stderr } = spawnSync(
        process.execPath,
        [...LIKE_CONVERGE, import.meta.filename, '--run', folder],
        {
          encoding: 'utf8',
        },
      );
      console.log(`${what}: ${stdout.trim()}${stderr}`);
      await age(folder);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
