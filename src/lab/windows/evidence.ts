import { type EvidenceRow, evidenceOf } from '../model/evidence.ts';

const NAMES = 'Windows documentation, "Naming Files, Paths, and Namespaces"';
const ERRORS = 'Windows documentation, system error codes';
const REG = 'Windows documentation, "reg"';
const SC = 'Windows documentation, "sc.exe"';
const DISM = 'Windows documentation, "DISM Operating System Package Servicing Command-Line Options"';
const DISM_TABLE = 'published output of `dism /get-features /format:table`';
const TSCH = '[MS-TSCH] 2.5, Task Scheduler XML schema';
const TASKS = 'published task files and messages of schtasks';
const ICACLS = 'message table of icacls.exe, English and German';
const MSI = 'Windows Installer documentation, error codes of msiexec';
const NODE = 'Node.js 24 documentation, child_process';

const rows: EvidenceRow[] = [
  ['quoted', 'names of devices, `<>:"|?*` and control characters name no file', NAMES],
  ['quoted', 'names have no case, and keep the one they were made with', NAMES],
  [
    'believed',
    'a name ending in a dot or space is refused; node.exe itself can make such names',
    'the lab is stricter',
  ],
  ['believed', 'a file replaced by one of other case keeps the first spelling', 'not tried on NTFS'],
  ['quoted', 'a .cmd or .bat is not started without a shell', NODE],
  [
    'verified',
    'arguments with blanks, quotes, backslashes, carets and per cents arrive as they were given',
    'node.exe 22 under Wine 8.0',
  ],
  ['believed', 'what console programs write beyond ASCII is unreadable as UTF-8', 'code pages 437 and 850'],
  [
    'believed',
    'powershell.exe -Command gives a script its stdin by [Console]::In, and Set-ItemProperty sets passwords of the IIS: drive',
    'not tried; the lab knows single scripts, it is not PowerShell',
  ],
  [
    'believed',
    'Register-ScheduledTask takes XML, user and password, makes the folders of the task, and replaces with -Force',
    'documentation of its parameters; not tried',
  ],
  [
    'quoted',
    'RegistryKey.GetValue gives numbers with a sign, and its kinds their names',
    '.NET documentation',
  ],
  ['quoted', 'NTAccount.Translate gives the SID of an account', '.NET documentation'],
  [
    'believed',
    'stdin of powershell.exe is read in the code page of the console; bytes written to its standard output stay as they are',
    '.NET documentation, Console.InputEncoding',
  ],
  ['quoted', 'cmd.exe says that a program is not recognized', 'Windows documentation, "cmd"'],
  ['believed', 'that ends `cmd /c` with 1', 'a batch file sees 9009'],
  [
    'quoted',
    'a process keeps the environment it was started with; the registry has the next one',
    'Windows documentation, "Environment Variables"',
  ],

  ['quoted', 'reg: success is 0 and failure 1', REG],
  ['quoted', 'reg add asks before it replaces a value, unless /f', REG],
  ['believed', 'without an answer that is exit code 1', 'not tried without a console'],
  [
    'verified',
    'reg query: four blanks between name, type and data; a missing key is exit code 1',
    'reg.exe of Wine 8.0',
  ],
  ['quoted', 'the default value is shown as (Default), in German (Standard)', 'published output'],
  ['believed', 'reg query /s also shows keys without values', 'not tried'],
  ['believed', 'reg import says its success on stderr', 'published complaints of PowerShell users'],
  [
    'quoted',
    'reg export: UTF-16LE with a mark, `hex(2)`, `hex(7)`, `hex(b)`, lines of 80 characters',
    'published .reg files',
  ],
  ['quoted', '/reg:32 leads HKLM\\SOFTWARE to WOW6432Node', 'Windows documentation, "Registry Redirector"'],

  ['quoted', 'dism /get-features: `Feature Name : X` and `State : Y`, or a table', DISM_TABLE],
  [
    'quoted',
    'states Enabled, Disabled, Enable Pending, Disable Pending, Disabled with Payload Removed',
    DISM,
  ],
  ['quoted', '/featurename may be repeated; /all enables parents', DISM],
  ['believed', 'of several features none is enabled when one is unknown', 'atomicity was not seen'],
  ['quoted', '3010 when a restart is needed, 740 when not elevated, 87 for an unknown option', ERRORS],
  ['quoted', '0x800f080c for an unknown feature, 0x800f081f for missing source files', 'published dism logs'],
  ['quoted', 'a missing parent without /all is error 50 that names the parents', 'published output of dism'],
  [
    'believed',
    'the parents of each feature, in particular of IIS-ASPNET and IIS-NetFxExtensibility',
    'published chains of Windows Server 2012',
  ],
  [
    'quoted',
    "IIS-ManagementScriptingTools brings PowerShell's module WebAdministration",
    'published answers of administrators',
  ],
  ['believed', 'German states in the output without /english', 'translated'],
  ['believed', 'disabling a feature disables what is below it', 'seen in server role removal only'],
  ['believed', 'Containers, Hyper-V and SMB1 need a restart; IIS features do not', 'release notes'],

  [
    'quoted',
    'sc: exit codes 1056, 1058, 1060, 1062, 1051, 1072, 1073 are those of the service control manager',
    ERRORS,
  ],
  ['quoted', 'sc writes its errors to stdout, `[SC] CALL FAILED CODE:`', 'published output'],
  ['quoted', '`start= auto` is an option with a blank and its value', SC],
  ['believed', 'German labels of sc query (TYP, STATUS)', 'published forum posts'],
  [
    'quoted',
    'a running service that is deleted is marked and goes when it stops',
    'Windows documentation, DeleteService',
  ],
  ['quoted', 'configuration is below HKLM\\SYSTEM\\CurrentControlSet\\Services', 'Windows documentation'],
  [
    'believed',
    'FailureActions: reset period, two pointers, count, offset 20, pairs of type and milliseconds',
    'published exports',
  ],
  ['believed', 'net start and stop fail with 2', 'published output'],

  ['verified', 'tasks: elements, how often, formats and ranges, as the published schema has them', TSCH],
  ['quoted', 'a task is a UTF-16LE file with a mark below System32\\Tasks', TASKS],
  ['quoted', 'URI and author are added, accounts become SIDs', TASKS],
  ['believed', 'which defaults are dropped and which are added', 'differs between versions of Windows'],
  ['quoted', 'an XML that says UTF-16 and is not is malformed behind its declaration', TASKS],
  ['quoted', 'an unexpected node, a missing one and a bad value are told with (line,column)', TASKS],
  ['quoted', 'every failure of schtasks is exit code 1, on stderr', 'Windows documentation, "schtasks"'],
  ['believed', '/run only marks the task as running: the lab runs no actions', 'a limit of the lab'],

  ['quoted', 'icacls: options, rights, order of entries, summary line in both languages', ICACLS],
  [
    'believed',
    'icacls ends with 2 for a missing file, 87 for a bad parameter, 1332 for an unknown account',
    ERRORS,
  ],
  [
    'quoted',
    'Get-Acl: GetAccessRules gives SIDs, and masks and flags as numbers; NTAccount.Translate knows names in the language of the machine',
    '.NET documentation, System.Security.AccessControl',
  ],
  ['quoted', '/save writes a name and its SDDL per line', ICACLS],
  ['believed', 'that file is UTF-16LE without a mark', 'published files'],
  ['believed', 'the lists of C:\\, Windows and Program Files', 'simplified: no TrustedInstaller'],

  ['quoted', 'msiexec: 1602, 1605, 1618, 1619, 1620, 1638, 1639, 3010', MSI],
  [
    'quoted',
    'msiexec takes NAME="value" with quotes doubled inside, and refuses "NAME=value"',
    'Windows Installer documentation, "Command-Line Options"; reports against rustup and msvc-wine',
  ],
  ['believed', 'a package is JSON in the lab, no installer database', 'a limit of the lab'],
  [
    'quoted',
    'products are registered below Uninstall, 32-bit ones below WOW6432Node',
    'Windows Installer documentation, "Uninstall Registry Key"',
  ],
  ['believed', 'without /quiet it ends with 1602', 'there it would wait'],

  ['quoted', 'netsh http show sslcert: labels', 'published output'],
  ['believed', 'netsh ends with 1 on any failure', 'published scripts'],
  [
    'quoted',
    'HTTP.sys keeps bindings in the registry: by address as keys, by name as `HostnamePort` below keys of any name',
    'published programs that read them',
  ],
  [
    'quoted',
    'Get-PfxData opens a PFX file without importing it; Import-PfxCertificate puts it into a store of the machine',
    'PowerShell documentation, module PKI',
  ],
  ['believed', 'an assignment to FriendlyName of an item of the Cert: drive is kept', 'published scripts'],
  [
    'believed',
    'the lab opens PFX files as OpenSSL does: no RC2, and no certificates but the first',
    'a limit of the lab',
  ],
  ['quoted', 'errors 183, 2, 87 and 1312 of `add sslcert`', 'published output'],
  [
    'quoted',
    'firewall rules of one name may be many; `add` never replaces',
    'Windows documentation, "netsh advfirewall"',
  ],
  [
    'quoted',
    'HNetCfg.FwPolicy2: numbers of directions, actions, protocols and profiles; `*` is any',
    'Windows documentation, INetFwRule',
  ],
  ['believed', 'it gives addresses of version 4 with a mask', 'published output'],
  ['quoted', 'rules are in the registry as `v2.31|Action=…|`', '[MS-GPFAS]'],
  [
    'quoted',
    'tzutil /g prints no end of line; `_dstoff` turns daylight saving off',
    'Windows documentation, "tzutil"',
  ],
  ['believed', 'an unknown time zone is exit code 1', 'not tried'],
  ['quoted', 'integrity levels S-1-16-12288 and S-1-16-8192', 'Windows documentation, "Well-known SIDs"'],
  ['believed', 'appcmd tells a commit conflict with exit code 0xc00cee2b', 'only the HRESULT was published'],
];

export const evidence = evidenceOf(rows);
