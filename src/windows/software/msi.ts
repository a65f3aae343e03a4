import { Failure } from '../../diagnostics/diagnostic.ts';
import type { ReadIo, WriteIo } from '../../engine/model/io.ts';
import type { CommandResult } from '../../io/ports.ts';
import { retry } from '../../io/retry.ts';
import { succeeded, type Tool, toolFailure } from '../../programs/run-tool.ts';
import { readPowershell } from '../tools/powershell.ts';
import { system32, temporaryFile } from '../tools/programs.ts';

export interface Product {
  /** `{GUID}` as asked for. */
  code: string;
  name: string;
  version: string;
}

/** Where installed products are registered, those of 32 bits in the second. */
const script =
  "$r = @(foreach ($k in '', 'WOW6432Node\\') { foreach ($c in $d.codes) { " +
  "$p = 'HKLM:\\SOFTWARE\\' + $k + 'Microsoft\\Windows\\CurrentVersion\\Uninstall\\' + $c; " +
  'if (Test-Path -LiteralPath $p) { $i = Get-Item -LiteralPath $p; ' +
  "@{ code = $c; name = [string]$i.GetValue('DisplayName'); version = [string]$i.GetValue('DisplayVersion') } } } }); " +
  'Out-Data @{ products = $r }';

/** Which of these products are installed, in both views of the registry; one process. */
export async function readProducts(io: ReadIo, codes: string[]): Promise<Product[]> {
  const what = 'reading the installed packages';
  return (await readPowershell<{ products: Product[] }>(io, script, { codes }, what)).products;
}

/**
 * `NAME="value"` as msiexec reads its command line: quotes belong around the value alone, and are doubled in
 * it ("Command-Line Options" of Windows Installer). `"NAME=value"`, as any other program would get it, is
 * refused.
 */
export const msiProperty = (name: string, value: string): string =>
  `${name}="${value.replaceAll('"', '""')}"`;

/** Milliseconds. */
const limit = 60 * 60_000;
/** ERROR_INSTALL_ALREADY_RUNNING: Windows installs one package at a time. */
const busy = 1618;
/** Ten minutes of others' installing. */
const policy = { attempts: 30, first: 20_000, growth: 1 };

const rebootCodes = [3010, 1641];
/** ERROR_UNKNOWN_PRODUCT: what is to go is gone. */
const unknownProduct = 1605;

/** Installs a package of this host or repairs it to its version. Gives whether a reboot is due. */
export const installMsi = (
  io: WriteIo,
  code: string,
  { path, again, properties }: { path: string; again: boolean; properties: Readonly<Record<string, string>> },
): Promise<{ reboot: boolean }> =>
  msiexec(io, `installing ${path}`, code, [
    '/i',
    quoted(path),
    // Over a product of that code: all features, files and registry from the new package, which is kept.
    ...(again ? ['REINSTALL=ALL', 'REINSTALLMODE=vomus'] : []),
    ...Object.entries(properties).map(([name, value]) => msiProperty(name, value)),
  ]);

/** Removes a product by its code; one that isn't there is fine. */
export const removeMsi = (io: WriteIo, code: string): Promise<{ reboot: boolean }> =>
  msiexec(io, `removing ${code}`, code, ['/x', code]);

const quoted = (path: string): string => `"${path}"`;

/** Waits for others that install something. Rejects with a Failure (world). */
async function msiexec(
  io: WriteIo,
  what: string,
  code: string,
  words: string[],
): Promise<{ reboot: boolean }> {
  // Any user may make files and junctions there: under a name known before, the log could be led elsewhere.
  const log = temporaryFile(io, `converge-${code}-${io.random.uuid()}.log`);
  const args = [...words, '/qn', '/norestart', '/l*v', quoted(log)];
  await io.step(`msiexec ${words.slice(0, 2).join(' ')}`);
  const { clock, signal } = io;
  const isNotYet = ({ exitCode }: CommandResult) => exitCode === busy;
  const onPause = () => io.progress({ what: 'waiting for another installation' });
  const result = await retry(policy, { clock, signal, isNotYet, onPause }, () =>
    io.run({ file: system32(io, 'msiexec.exe'), args, verbatim: true, timeout: limit }),
  );
  if (succeeded(result, rebootCodes)) return { reboot: result.exitCode !== 0 };
  if (succeeded(result, words[0] === '/x' ? [unknownProduct] : [])) return { reboot: false };
  throw new Failure(toolFailure({ ...tool, hint: `${log} says more` }, `${what} failed`, result));
}

const tool: Tool = {
  name: 'msiexec',
  failed: 'package-failed',
  exits: {
    5: { why: 'access is denied' },
    1602: { why: 'somebody cancelled it' },
    1603: { why: 'the package failed, and was rolled back' },
    [busy]: { why: 'another installation went on for ten minutes' },
    1619: { why: 'the package could not be opened' },
    1620: { why: "it isn't a package of Windows Installer" },
    1625: { why: 'a policy of this machine forbids it' },
    1633: { why: 'the package is for another kind of processor' },
    1638: { why: 'another version of the product is installed' },
    1639: { why: 'msiexec does not understand the properties' },
    1925: { why: 'it needs an administrator' },
  },
};
