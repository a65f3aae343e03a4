import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { ReadIo } from '../../engine/model/io.ts';
import { runPowershell } from '../tools/powershell.ts';
import { type Kind, placeOf, type ValueData, type ValuePath } from './registry-data.ts';

const hives: Readonly<Record<string, string>> = {
  HKLM: 'LocalMachine',
  HKCU: 'CurrentUser',
  HKCR: 'ClassesRoot',
  HKU: 'Users',
  HKCC: 'CurrentConfig',
};

/**
 * A line for each value: `-`, or its kind and its data in base64 of UTF-16, lists with NUL between. A key
 * that nobody may read is one that isn't there, as reg.exe has it.
 */
const script = `foreach ($v in ($d.values | ConvertFrom-Json)) {
  $key = try { [Microsoft.Win32.RegistryKey]::OpenBaseKey($v.hive, 'Registry64').OpenSubKey($v.path) } catch { $null };
  if ($null -eq $key -or -not ($key.GetValueNames() -contains $v.name)) { '-'; continue };
  $data = $key.GetValue($v.name, $null, 'DoNotExpandEnvironmentNames');
  $text = if ($data -is [byte[]]) { [BitConverter]::ToString($data) } elseif ($data -is [string[]]) { $data -join [char]0 } else { [string]$data };
  [string]$key.GetValueKind($v.name) + ' ' + [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($text))
}`.replace(/\n\s*/g, ' ');

/**
 * The values that are there, by `placeOf`: exact, whatever letters they hold; one process, none for no
 * values.
 */
export async function readExactly(
  io: Pick<ReadIo, 'env' | 'run'>,
  asked: readonly ValuePath[],
): Promise<Map<string, ValueData>> {
  if (asked.length === 0) return new Map();
  const values = asked.map(({ key, name }) => {
    const [hive = '', ...path] = key.split('\\');
    return { hive: hives[hive.toUpperCase()] ?? hive, path: path.join('\\'), name };
  });
  const printed = await runPowershell(io, script, { values: JSON.stringify(values) }, 'reading the registry');
  const lines = printed.trim().split(/\r?\n/);
  if (lines.length !== asked.length)
    throw new Failure(world('registry-unreadable', 'PowerShell said nothing of some values of the registry'));
  return new Map(
    asked.flatMap((value, index) => {
      const [kind, base64 = ''] = lines[index]!.trim().split(' ');
      if (kind === undefined || kind === '-') return [];
      return [[placeOf(value), decoded(kind, Buffer.from(base64, 'base64').toString('utf16le'))] as const];
    }),
  );
}

const named: Readonly<Record<string, Kind>> = {
  String: 'string',
  ExpandString: 'expand',
  MultiString: 'multi',
  DWord: 'dword',
  QWord: 'qword',
  Binary: 'binary',
};

function decoded(name: string, text: string): ValueData {
  const kind = Object.hasOwn(named, name) ? named[name]! : 'other';
  if (kind === 'multi') return { kind, data: text === '' ? [] : text.split('\0') };
  if (kind === 'binary') return { kind, data: text.replaceAll('-', '') };
  // .NET knows numbers of the registry with a sign.
  if (kind === 'dword') return { kind, data: String(BigInt.asUintN(32, BigInt(text))) };
  if (kind === 'qword') return { kind, data: String(BigInt.asUintN(64, BigInt(text))) };
  return { kind, data: text };
}
