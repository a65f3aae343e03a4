import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { inMemory } from '../../src/recovery/readiness/bytes/disk-bytes.ts';
import { openHive } from '../../src/recovery/readiness/registry/hive.ts';
import { withLogs } from '../../src/recovery/readiness/registry/logs.ts';
import { dirtyHive, logOf } from '../recovery/readiness/hive-logs.ts';
import { describeWith, folder } from './s3-programs.ts';

describeWith(
  'hives of Windows’ registry',
  'sh',
  ['-c', 'command -v hivexregedit && command -v hivexsh'],
  () => {
    it('those that hivex wrote are read as hivex reads them, key by key', async () => {
      const dir = folder();
      execFileSync('bash', [join(import.meta.dirname, '../recovery/readiness/make-hives.sh'), dir]);
      for (const [name, least] of [
        ['SYSTEM', 120],
        ['SOFTWARE', 4],
      ] as const) {
        const hive = await openHive(inMemory(readFileSync(join(dir, name))));
        expect(hive.isDirty).toBe(false);
        const theirs = exported(join(dir, name));
        expect(theirs.size).toBeGreaterThan(least);
        for (const [key, values] of theirs) {
          const ours = await hive.values(key);
          expect([...ours.keys()].sort(), key).toEqual([...values.keys()].sort());
          for (const [value, said] of values) expect(ours.get(value), `${key} ${value}`).toBe(said);
          expect(await hive.keys(key), key).toBeDefined();
        }
      }
    }, 120_000);
  },
);

describeWith('logs of a hive', 'python3', ['-c', 'import regipy'], () => {
  it('what regipy makes of a hive and its logs is what we read', async () => {
    const dir = folder();
    const golden = join(import.meta.dirname, '../recovery/readiness/hives/SYSTEM.zst');
    const system = zstdDecompressSync(readFileSync(golden));
    const without = (of: Buffer, name: string) =>
      Buffer.from(of.toString('latin1').replaceAll(name, 'X'.repeat(name.length)), 'latin1');
    const one = without(system, 'stornvme');
    const files = {
      SYSTEM: dirtyHive(system, 40),
      LOG1: logOf(90, [[system, one]]),
      LOG2: logOf(91, [[one, without(one, 'Dhcp')]]),
    };
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(dir, name), bytes);
    // It applies its second log first.
    const program = `from regipy.recovery import apply_transaction_logs
apply_transaction_logs(*['${dir}/' + name for name in ('SYSTEM', 'LOG2', 'LOG1', 'theirs')])`;
    execFileSync('python3', ['-c', program]);
    const ours = (await withLogs(inMemory(files.SYSTEM), [inMemory(files.LOG1), inMemory(files.LOG2)]))!;
    // In the header they count one further.
    const theirs = readFileSync(join(dir, 'theirs')).subarray(4096);
    expect((await ours.read(4096, ours.bytes)).equals(theirs)).toBe(true);
  }, 120_000);
});

/** What hivexregedit says of all keys: numbers as decimal digits, text as it is. */
function exported(file: string): Map<string, Map<string, string>> {
  const text = execFileSync('hivexregedit', ['--export', '--prefix', 'HIVE', file, '\\'], {
    encoding: 'utf8',
  });
  const keys = new Map<string, Map<string, string>>();
  let values = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const key = /^\[HIVE\\?(.*)\]$/.exec(line)?.[1];
    if (key !== undefined) values = new Map();
    if (key !== undefined) keys.set(key, values);
    const [, name = '', kind, data = ''] = /^"(.*?)"=(dword|hex\(\d\)):(.*)$/.exec(line) ?? [];
    const [bytes, type] = [Buffer.from(data.replaceAll(',', ''), 'hex'), kind?.slice(4, 5)];
    if (kind === 'dword') values.set(name, String(Number.parseInt(data, 16)));
    else if (type === '7') values.set(name, bytes.toString('utf16le').split('\0').filter(Boolean).join(' '));
    else if (kind !== undefined) values.set(name, bytes.toString('utf16le').replace(/\0.*$/s, ''));
  }
  return keys;
}
