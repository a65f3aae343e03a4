import type { Meanings } from './meaning.ts';

export const windows = {
  'acl-not-set': {
    means: "The access control list of a path wasn't set.",
    wayOut: 'The message says why; the hint says what to do.',
  },
  'acl-unreadable': {
    means: "The access control list of a path can't be read.",
    wayOut: 'Run converge as an administrator.',
  },
  'appcmd-failed': { means: 'appcmd failed.', wayOut: 'The message holds what it said.' },
  'appcmd-unreadable': {
    means: 'appcmd printed something other than XML.',
    wayOut: 'Run the command that the message names by hand.',
  },
  'bad-registry-key': {
    means: 'A key of the registry is not written as one.',
    wayOut: 'Write it like `HKLM\\SOFTWARE\\Name`.',
  },
  'bad-registry-value': { means: "A value can't be one of its registry type.", wayOut: 'Follow the hint.' },
  'bad-task': {
    means: "A scheduled task is declared in a way that Windows doesn't take.",
    wayOut: 'Follow the hint.',
  },
  'certificate-gone': { means: "A certificate isn't there any more.", wayOut: 'Plan again.' },
  'dism-failed': { means: 'DISM failed.', wayOut: 'C:\\Windows\\Logs\\DISM\\dism.log says more.' },
  'feature-payload-missing': {
    means: 'The files of a Windows feature are not on this Windows.',
    wayOut: 'Name installation media with `source:`, or let Windows Update in.',
  },
  'framework-section': {
    means: "A section belongs to the .NET Framework's configuration, which appcmd doesn't set here.",
    wayOut: "Put it into the application's web.config.",
  },
  'iis-module-missing': {
    means: "PowerShell's module WebAdministration isn't there.",
    wayOut: 'Declare the `windows_feature` that the hint names.',
  },
  'iis-object-exists': {
    means: 'A site, pool or other object of IIS was made at the same time by somebody else.',
    wayOut: 'Run again.',
  },
  'iis-object-missing': {
    means: "A site, pool or other object of IIS isn't there.",
    wayOut: 'Declare what makes it, or correct its name.',
  },
  'iis-section-locked': {
    means: "A section of IIS's configuration is locked.",
    wayOut: 'Add `unlock: true`, or leave `commit:` out.',
  },
  'iis-shared-configuration': {
    means: 'The configuration of this IIS is shared with other machines.',
    wayOut: 'Follow the hint: a change here is a change of all of them.',
  },
  'iis-unknown-name': {
    means: 'This IIS does not know such a section, attribute or value.',
    wayOut: 'Check the names.',
  },
  'iis-unreadable': { means: "A configuration file of IIS isn't valid XML.", wayOut: 'Correct the file.' },
  'netsh-failed': {
    means: "netsh didn't change something.",
    wayOut: 'Run converge as an administrator, and check the values.',
  },
  'no-capture': {
    means: "A file or folder isn't a capture of a Windows.",
    wayOut: 'Make one with tools/capture-windows.ps1.',
  },
  'no-certificate': {
    means: "A certificate that is named isn't there.",
    wayOut: 'Declare it, or correct its name.',
  },
  'no-key': {
    means: "What tells the rows of a collection apart isn't known, or a row lacks it.",
    wayOut: 'Say it with `key:`.',
  },
  'no-source': {
    means: "A package isn't installed, and nothing says what to install.",
    wayOut: 'Add `source:`.',
  },
  'no-titles': { means: 'Values of the registry were to be adopted without a name.', wayOut: 'Name them.' },
  'not-elevated': { means: 'An administrator is needed.', wayOut: 'Run converge elevated.' },
  'package-failed': {
    means: 'The installation or removal of a package failed.',
    wayOut: 'The log that the hint names says more.',
  },
  'package-missing': { means: "The file of a package isn't there.", wayOut: 'Declare what brings it.' },
  'path-not-read': {
    means: "The machine's Path can't be read from the registry.",
    wayOut: 'Run converge as an administrator.',
  },
  'pfx-unreadable': {
    means: "A PFX file can't be opened.",
    wayOut: 'Check `password:`, and that it is a PFX file.',
  },
  'plain-secret': {
    means: 'A secret is in the manifest itself.',
    wayOut: "Write `${secret('env:NAME')}`.",
  },
  'powershell-failed': {
    means: 'A command of PowerShell failed.',
    wayOut: 'The message holds what it said.',
  },
  'powershell-unreadable': {
    means: "PowerShell's answer isn't JSON.",
    wayOut: 'Run again with `--debug`; a profile may print something of its own.',
  },
  'registry-list': {
    means: 'A list for the registry holds every character that could separate its texts.',
    wayOut: 'Leave one of the characters out.',
  },
  'registry-refused': {
    means: "A value of the registry can't be read or set.",
    wayOut: 'Run as an administrator or as SYSTEM, and see who may write the key.',
  },
  'registry-unreadable': {
    means: 'PowerShell said nothing of some values of the registry.',
    wayOut: 'Run again with `--debug`.',
  },
  'same-row': { means: 'Two rows of a collection are the same.', wayOut: 'Remove one.' },
  'service-refused': {
    means: "A service of Windows couldn't be changed, started or stopped.",
    wayOut: 'The message says why; the hint says what to do.',
  },
  'service-stuck': {
    means: "A service isn't in the state that is wanted: it has stopped by itself.",
    wayOut: "Look at the service's own log.",
  },
  'task-refused': {
    means: "A scheduled task couldn't be changed.",
    wayOut: 'Use an administrator, and an account and a program that this Windows knows.',
  },
  'task-unreadable': {
    means: "The file of a scheduled task isn't valid XML.",
    wayOut: 'Delete the task, and run again.',
  },
  'unknown-account': {
    means: "This Windows doesn't know an account.",
    wayOut: 'Check its spelling, write `DOMAIN\\name`, or its SID.',
  },
  'unknown-feature': {
    means: "This Windows doesn't have a feature of that name.",
    wayOut: 'See `dism /online /get-features`.',
  },
  'web-config-owned': {
    means: 'A web.config belongs to another resource, whose next deployment takes away what is written.',
    wayOut: 'Leave `commit` out, or put the setting into what is deployed.',
  },
  'web-config-wins': {
    means: 'A web.config says otherwise than what was declared, and it is in force there.',
    wayOut: 'Change it in what is deployed, or say `commit: site`.',
  },
  'wrong-address': {
    means: "A firewall rule names something that isn't an address.",
    wayOut: 'Write an address, a range or a network, as the hint says.',
  },
  'wrong-binding': { means: "A text isn't the binding of a site.", wayOut: 'Write it as the hint shows.' },
  'wrong-certificate': {
    means: 'A file holds another certificate than the one that is declared.',
    wayOut: 'Correct `thumbprint:`, or bring the right file.',
  },
  'wrong-port': {
    means: "A firewall rule names something that isn't a port.",
    wayOut: 'Write a port or a range of ports.',
  },
} as const satisfies Meanings;
