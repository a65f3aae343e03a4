import { win32 } from 'node:path';
import { joinCommandLine } from '../console/command-line.ts';
import { said } from '../console/console.ts';
import { iisFeatureChanged } from '../iis/host/features.ts';
import type { Answer, Call, Machine, Tool } from '../machine/machine.ts';
import { type Registry, readRegistry } from '../registry/store.ts';
import { dword, text, textOf } from '../registry/values.ts';

/** Windows Installer's error codes. */
const userExit = 1602;
const unknownProduct = 1605;
const noPackage = 1619;
const badPackage = 1620;
const otherVersion = 1638;
const badCommandLine = 1639;
const restartNeeded = 3010;

const uninstall = (x86: boolean): string =>
  `HKEY_LOCAL_MACHINE\\SOFTWARE\\${x86 ? 'WOW6432Node\\' : ''}Microsoft\\Windows\\CurrentVersion\\Uninstall`;

/**
 * A package as the lab reads it, JSON in the place of the installer database. `files` are made below C: and
 * removed again; `needs_restart` ends installing and removing with 3010. A package that is installed replaces
 * those of its `upgrade_code`.
 */
export interface LabPackage {
  converge_lab_msi: 1;
  /** `{GUID}`. */
  product_code: string;
  name: string;
  version: string;
  manufacturer: string;
  upgrade_code?: string;
  x86?: boolean;
  files?: Record<string, string>;
  /** What it adds to IIS, such as `URL Rewrite`. */
  iis_feature?: string;
  needs_restart?: boolean;
}

/** msiexec.exe `/i` and `/x` with a package or product code. Says nothing; the exit code is all. */
export const msiexec: Tool = async (call, machine) => {
  const request = readRequest(call);
  if (!request) return said('', badCommandLine);
  // Without /quiet or /qn a dialog waits for somebody, and the session of services has nobody.
  if (!request.quiet) return said('', userExit);
  const registry = await readRegistry(machine.files);
  const answer = await carryOut(request, registry, call, machine);
  if (answer.exitCode === 0 || answer.exitCode === restartNeeded) await registry.save(machine.files);
  if (request.log !== undefined) {
    const said = `=== Logging stopped: MainEngineThread is returning ${answer.exitCode} ===\r\n`;
    await machine.files.writeAtomic(
      win32.resolve(call.cwd, request.log),
      Buffer.from(`\ufeff${said}`, 'utf16le'),
    );
  }
  return answer;
};

interface Request {
  verb: 'install' | 'remove';
  what: string;
  quiet: boolean;
  log?: string;
  properties: Record<string, string>;
}

/**
 * msiexec reads its command line by rules of its own: quotes belong around a property's value alone, doubled
 * quotes in it are one, backslashes mean nothing. Undefined for a quoted `"NAME=value"`.
 */
function words({ args, verbatim }: Call): string[] | undefined {
  const line = verbatim ? args.join(' ') : joinCommandLine(args);
  const found = line.match(/(?:"(?:[^"]|"")*"?|[^\s"])+/g) ?? [];
  if (found.some(word => /^"[A-Z_][A-Z0-9_.]*=/.test(word))) return undefined;
  return found.map(word =>
    word.replace(/"((?:[^"]|"")*)"?/g, (_, inside: string) => inside.replaceAll('""', '"')),
  );
}

function readRequest(call: Call): Request | undefined {
  const args = words(call);
  if (!args) return undefined;
  const properties: Record<string, string> = {};
  let verb: Request['verb'] | undefined;
  let what: string | undefined;
  let quiet = false;
  let log: string | undefined;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    const option = arg.replace(/^[/-]/, '').toLowerCase();
    const [, joined] = /^[/-]x(\{.+\})$/i.exec(arg) ?? [];
    if (joined !== undefined) {
      verb = 'remove';
      what = joined;
    } else if (/^[/-](i|package|x|uninstall)$/i.test(arg)) {
      verb = /^(i|package)$/.test(option) ? 'install' : 'remove';
      what = args[++at];
    } else if (/^[/-](quiet|qn|qb-?!?|passive)$/i.test(arg)) quiet = true;
    else if (/^[/-](l[iwearucmopvx*+!]*|log)$/i.test(arg)) log = args[++at];
    else {
      const [, name, value = ''] = /^([A-Z_][A-Z0-9_.]*)=(.*)$/s.exec(arg) ?? [];
      if (name !== undefined) properties[name] = value;
      else if (!/^[/-](norestart|promptrestart|forcerestart)$/i.test(arg)) return undefined;
    }
  }
  if (verb === undefined || what === undefined) return undefined;
  return { verb, what, quiet, properties, ...(log !== undefined && { log }) };
}

async function carryOut(
  { verb, what, properties }: Request,
  registry: Registry,
  { cwd }: Call,
  machine: Machine,
): Promise<Answer> {
  const { files } = machine;
  const isCode = /^\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}$/i.test(what);
  if (isCode) {
    const known = installed(registry, what);
    if (!known) return said('', unknownProduct);
    return verb === 'install' ? said('') : remove(known, registry, machine);
  }
  const bytes = await files.read(win32.resolve(cwd, what));
  if (!bytes) return said('', noPackage);
  const read = parsePackage(bytes);
  if (!read) return said('', badPackage);
  const known = installed(registry, read.product_code);
  if (verb === 'remove') return known ? remove(known, registry, machine) : said('', unknownProduct);
  const isOther = known !== undefined && known.version !== read.version;
  if (isOther && !/v/i.test(properties.REINSTALLMODE ?? '')) return said('', otherVersion);
  for (const older of replaced(registry, read)) await remove(older, registry, machine);
  for (const [path, content] of Object.entries(read.files ?? {})) {
    await files.mkdir(win32.dirname(path), { recursive: true });
    await files.writeAtomic(path, Buffer.from(content));
  }
  if (read.iis_feature !== undefined) await iisFeatureChanged(machine, read.iis_feature, true);
  register(read, win32.resolve(cwd, what), properties, registry, machine);
  return said('', read.needs_restart ? restartNeeded : 0);
}

function parsePackage(bytes: Buffer): LabPackage | undefined {
  try {
    const read = JSON.parse(bytes.toString('utf8')) as LabPackage;
    return read?.converge_lab_msi === 1 ? read : undefined;
  } catch {
    return undefined;
  }
}

const labPackage = 'LabPackage';

function register(
  read: LabPackage,
  source: string,
  properties: Record<string, string>,
  registry: Registry,
  { clock }: Machine,
): void {
  const code = read.product_code.toUpperCase();
  const key = `${uninstall(read.x86 === true)}\\${code}`;
  const date = new Date(clock.now()).toISOString().slice(0, 10).replaceAll('-', '');
  registry.set(key, text('DisplayName', read.name));
  registry.set(key, text('DisplayVersion', read.version));
  registry.set(key, text('Publisher', read.manufacturer));
  registry.set(key, text('InstallDate', date));
  registry.set(key, text('InstallSource', `${win32.dirname(source)}\\`));
  registry.set(key, text('UninstallString', `MsiExec.exe /X${code}`));
  registry.set(key, dword('WindowsInstaller', 1));
  // Windows keeps the database itself in C:\Windows\Installer.
  registry.set(key, text(labPackage, JSON.stringify(read)));
  registry.set(key, text('LabProperties', JSON.stringify(properties)));
}

/** What is registered for a product code, in either view. */
function installed(registry: Registry, code: string): LabPackage | undefined {
  for (const x86 of [false, true]) {
    const found = textOf(registry.value(`${uninstall(x86)}\\${code.toUpperCase()}`, labPackage));
    if (found !== undefined) return JSON.parse(found) as LabPackage;
  }
  return undefined;
}

function replaced(registry: Registry, { upgrade_code, product_code }: LabPackage): LabPackage[] {
  if (upgrade_code === undefined) return [];
  return [false, true]
    .flatMap(x86 => registry.children(uninstall(x86)))
    .flatMap(key => installed(registry, key.slice(key.lastIndexOf('\\') + 1)) ?? [])
    .filter(
      one =>
        one.upgrade_code?.toUpperCase() === upgrade_code.toUpperCase() &&
        one.product_code.toUpperCase() !== product_code.toUpperCase(),
    );
}

async function remove(known: LabPackage, registry: Registry, machine: Machine): Promise<Answer> {
  for (const path of Object.keys(known.files ?? {})) await machine.files.remove(path);
  if (known.iis_feature !== undefined) await iisFeatureChanged(machine, known.iis_feature, false);
  registry.removeKey(`${uninstall(known.x86 === true)}\\${known.product_code.toUpperCase()}`);
  return said('', known.needs_restart ? restartNeeded : 0);
}
