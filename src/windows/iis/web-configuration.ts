import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { WriteIo } from '../../engine/model/io.ts';
import { iisModule, runPowershell } from '../tools/powershell.ts';

/** An element of a section: the names on the way to it, and of rows what tells them apart. */
export type Way = readonly (string | Readonly<Record<string, string>>)[];

/** Where a section is written, as PowerShell's module says it. */
export interface WrittenAt {
  section: string;
  /** `MACHINE/WEBROOT/APPHOST`, or below it the place of a web.config. */
  place: string;
  /** What it is said for, below `place`; '' for the place itself. */
  location: string;
}

const noModule = 'no module';

/**
 * One script for both. Values come by stdin: appcmd takes them only as arguments, which other processes and
 * the audit log can read. `*` stands for a row, whatever its section calls rows.
 */
const script =
  `if (-not (Get-Module -ListAvailable WebAdministration)) { '${noModule}'; exit }; Import-Module WebAdministration; ` +
  "$p = @{ PSPath = $d.place; Filter = $d.filter }; if ($d.location -ne '') { $p.Location = $d.location }; " +
  'if ($null -ne $d.row) { $r = @{}; $d.row.PSObject.Properties | ForEach-Object { $r[$_.Name] = $_.Value }; ' +
  "Add-WebConfigurationProperty @p -Name '.' -Value $r } " +
  'else { Set-WebConfigurationProperty @p -Name $d.name -Value $d.value }';

/** Sets one attribute that nobody may see. */
export const setSecretAttribute = (
  io: WriteIo,
  at: WrittenAt,
  way: Way,
  { name, value }: { name: string; value: string },
): Promise<void> => change(io, at, way, { name, value }, name);

/** Adds a row that has such an attribute. */
export const addSecretRow = (
  io: WriteIo,
  at: WrittenAt,
  way: Way,
  row: Record<string, string>,
): Promise<void> => change(io, at, way, { row }, 'a row');

async function change(
  io: WriteIo,
  { section, place, location }: WrittenAt,
  way: Way,
  data: { row: Record<string, string> } | { name: string; value: string },
  changed: string,
): Promise<void> {
  const what = `setting ${changed} of ${section}`;
  await io.step(what);
  const filter = ['', section, ...way.map(step)].join('/');
  const said = await runPowershell(io, script, { place, location, filter, ...data }, what);
  if (said.trim() !== noModule) return;
  throw new Failure(
    world('iis-module-missing', `${what} needs PowerShell's module WebAdministration, which isn't there`, {
      hint: `declare \`windows_feature: { ${iisModule}: {} }\``,
    }),
  );
}

const step = (one: Way[number]): string =>
  typeof one === 'string'
    ? one
    : `*[${Object.entries(one)
        .map(([name, value]) => `@${name}='${value}'`)
        .join(' and ')}]`;
