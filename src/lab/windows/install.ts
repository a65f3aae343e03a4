import type { Files } from '../../io/ports.ts';
import { builtIn, machineVariables } from './machine/environment.ts';
import { programFile } from './machine/program-file.ts';
import { timeZones } from './machine/time-zones.ts';
import { registryFile } from './registry/store.ts';
import { dword, expandable, text } from './registry/values.ts';
import { bootDefault, bootEntry } from './services/boot-entry.ts';
import { readServices } from './services/store.ts';
import { addWindowsServices } from './services/windows-services.ts';
import { shipped } from './tools/table.ts';

const folders = [
  'C:\\Program Files\\Common Files',
  'C:\\Program Files (x86)',
  'C:\\ProgramData',
  'C:\\Users\\Public',
  'C:\\Windows\\System32\\config\\systemprofile',
  'C:\\Windows\\System32\\DriverStore\\FileRepository',
  'C:\\Windows\\System32\\drivers\\etc',
  'C:\\Windows\\System32\\Tasks',
  'C:\\Windows\\System32\\WindowsPowerShell\\v1.0',
  'C:\\Windows\\SysWOW64',
  'C:\\Windows\\Temp',
];

const system = 'HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet';
const currentVersion = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion';

/** Where the machine's environment variables are in the registry. */
export const environmentKey = `${system}\\Control\\Session Manager\\Environment`;

/**
 * Makes a new Windows Server 2022 of an empty C:, and leaves one that is there alone. The registry comes
 * last, so that one that was interrupted is finished.
 */
export async function install(files: Files): Promise<void> {
  if (await files.stat(registryFile)) return;
  for (const folder of folders) await files.mkdir(folder, { recursive: true });
  for (const path of Object.keys(shipped)) await files.writeAtomic(path, programFile(path));
  await files.writeAtomic('C:\\Windows\\System32\\drivers\\etc\\hosts', Buffer.from(hosts));
  const services = await readServices(files);
  const { registry } = services;
  registry.set(`${system}\\Control\\ComputerName\\ComputerName`, text('ComputerName', builtIn.COMPUTERNAME!));
  registry.set(currentVersion, text('ProductName', 'Windows Server 2022 Datacenter'));
  registry.set(currentVersion, text('CurrentBuildNumber', '20348'));
  registry.set(currentVersion, text('InstallationType', 'Server'));
  for (const [name, value] of Object.entries(machineVariables)) {
    registry.set(environmentKey, value.includes('%') ? expandable(name, value) : text(name, value));
  }
  registry.set(`${system}\\Control\\TimeZoneInformation`, text('TimeZoneKeyName', 'UTC'));
  for (const [id, display] of timeZones)
    registry.set(`${currentVersion}\\Time Zones\\${id}`, text('Display', display));
  registry.ensure('HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall');
  registry.ensure('HKEY_LOCAL_MACHINE\\SOFTWARE\\WOW6432Node\\Microsoft\\Windows\\CurrentVersion\\Uninstall');
  registry.ensure('HKEY_CURRENT_USER\\Environment');
  registry.ensure('HKEY_USERS\\.DEFAULT');
  addWindowsServices(services);
  // Of a machine at home: nothing was made for EC2, and nobody may use its desktop from elsewhere.
  registry.set(`${system}\\Control\\ProductOptions`, text('ProductType', 'ServerNT'));
  registry.set(`${system}\\Control\\Terminal Server`, dword('fDenyTSConnections', 1));
  registry.set(`${system}\\Services\\stornvme`, dword('Start', 0));
  registry.set(`${system}\\Services\\stornvme\\StartOverride`, dword('0', 3));
  registry.set(`${system}\\Services\\W32Time\\Parameters`, text('Type', 'NTP'));
  registry.set(`${system}\\Services\\W32Time\\Parameters`, text('NtpServer', 'time.windows.com,0x9'));
  registry.set(bootDefault, text('Element', bootEntry));
  await services.save(files);
}

const hosts = [
  '# Copyright (c) the lab',
  '#',
  '# localhost name resolution is handled within DNS itself.',
  '',
].join('\r\n');
