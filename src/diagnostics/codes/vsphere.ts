import type { Meanings } from './meaning.ts';

export const vsphere = {
  'change-tracking-unsupported': {
    means: "A VM's virtual hardware is too old for change tracking.",
    wayOut: 'Upgrade it to version 7 or newer while the VM is off.',
  },
  'datastore-unreadable': {
    means: "A disk can't be read over the datastore's HTTPS service.",
    wayOut: 'Remove other snapshots of the VM if there are any, or exclude the disk.',
  },
  'disk-not-in-snapshot': {
    means: "A snapshot doesn't hold a disk that the VM had: the disk was replaced meanwhile.",
    wayOut: 'Run again; the next cycle sees the new disk.',
  },
  'import-lost': {
    means: 'vSphere ended the making of a VM, or did not say where its disks go.',
    wayOut: 'Run again: what was half made goes by itself, and it is made anew.',
  },
  'nbd-ended': {
    means: 'The connection that a disk is served over ended.',
    wayOut: 'Run again; what was uploaded to a repository by then is not uploaded a second time.',
  },
  'nbd-protocol': {
    means: "The server that a disk is read from doesn't speak the NBD protocol as it should.",
    wayOut: 'Let nbdkit 1.24 or newer serve it.',
  },
  'nbd-read': {
    means: 'A disk that is read over NBD has bytes that its server could not read.',
    wayOut: "Look at the log of the datastore's host.",
  },
  'nbd-write': {
    means: 'A disk that is written over NBD could not be written somewhere, or not at all.',
    wayOut: "Look at the log of the datastore's host, and run again: what failed is written anew.",
  },
  'new-vm-place': {
    means: 'It is not known where a new VM goes, or vSphere can not make it as it was.',
    wayOut:
      'Name it with --pool, --folder, --datastore, --host or --network; the message says what there is.',
  },
  'nbdkit-failed': {
    means: 'nbdkit, which serves the disks of a snapshot, did not start or ended.',
    wayOut:
      'Its own words are in the message; check `nbdkit:` of the target, and that the plugin and VDDK are there.',
  },
  'snapshots-in-the-way': {
    means: "Change tracking can't be enabled while the VM has snapshots.",
    wayOut: 'Remove them in vSphere, then run again.',
  },
  'unprintable-character': {
    means: "A value for vSphere holds a character that XML can't carry.",
    wayOut: 'Remove control characters from names, user name and password.',
  },
  'vm-ambiguous': { means: 'Several VMs have the name that was given.', wayOut: 'Give the UUID of one.' },
  'vm-gone': {
    means: 'A VM was removed from its vCenter, or moved to another one, while its cycle ran.',
    wayOut: 'If it moved, name the vCenter where it is now in its `target:`.',
  },
  'vm-not-found': {
    means: "There is no VM of that name or UUID, or the user doesn't see it.",
    wayOut: "Correct the name, and check the user's role.",
  },
  'vsphere-bad-range': {
    means: 'A read of a disk went wrong on the way.',
    wayOut: "Run again; if it repeats, look at the host's load and at proxies.",
  },
  'vsphere-ca': {
    means: "The certificate authority of a vSphere target can't be read or isn't one.",
    wayOut: 'Point `ca` at the PEM file; vCenter offers it at https://HOST/certs/download.zip.',
  },
  'vsphere-certificate': {
    means: "The certificate of a vSphere server isn't trusted.",
    wayOut: 'Compare its fingerprint on the server, then set `sha256` or `ca` of the target.',
  },
  'vsphere-change-id-rejected': {
    means:
      "vSphere doesn't accept a change id any more: after a power loss, a revert or a reset of change tracking.",
    wayOut: 'Nothing has to be done; the disk is read in full once.',
  },
  'vsphere-connection-lost': {
    means: 'The connection to a vSphere server broke.',
    wayOut: 'Run again; if it repeats, look for a proxy or firewall that cuts connections.',
  },
  'vsphere-fault': {
    means: 'vSphere refused a request.',
    wayOut: 'The message says why; correct that in vSphere or in the manifest.',
  },
  'vsphere-login-refused': {
    means: 'A vSphere server refused the user name or the password.',
    wayOut: "Check both, the user's domain, and whether the account is locked.",
  },
  'vsphere-malformed-answer': {
    means: "A vSphere server's answer makes no sense. Nothing was changed by it.",
    wayOut: 'Run again; if it repeats, look for a proxy in between.',
  },
  'vsphere-name-unknown': {
    means: "The name of a vSphere server can't be resolved.",
    wayOut: "Check the target's url and this machine's DNS.",
  },
  'vsphere-no-tags': {
    means: 'The server has no Automation API, so it does not know tags.',
    wayOut: 'Use a vCenter 6.5 or newer, or select by folder or name.',
  },
  'vsphere-no-tls': {
    means: "What listens at the vSphere target's port doesn't speak TLS.",
    wayOut: "Check the port of the target's url: vCenter and ESXi use 443.",
  },
  'vsphere-not-a-server': {
    means: "What answers isn't a vSphere server.",
    wayOut: "Check the target's url.",
  },
  'vsphere-permission': {
    means: 'The user lacks a privilege.',
    wayOut: 'Give the user a role with the privilege that the message names.',
  },
  'vsphere-pin': {
    means: "The `sha256` of a vSphere target isn't a SHA-256 fingerprint.",
    wayOut: 'Write 64 hex digits, with or without colons.',
  },
  'vsphere-tags-refused': {
    means: 'The server refused to tell its tags.',
    wayOut: "Let the target's user log in to the Automation API and see the tags.",
  },
  'vsphere-task-timeout': {
    means: 'A task of vSphere takes longer than is waited for; it goes on at the server.',
    wayOut: 'Watch it there, and run again when it has ended.',
  },
  'vsphere-timeout': {
    means: "A vSphere server didn't answer in time.",
    wayOut: 'Check firewalls, and whether the server is overloaded.',
  },
  'vsphere-too-old': {
    means: 'A vSphere server is older than converge needs.',
    wayOut: 'Upgrade it, or connect to a vCenter that manages the host.',
  },
  'vsphere-unavailable': {
    means: "A vSphere server isn't ready.",
    wayOut: 'Run again in a few minutes: its services may be starting.',
  },
  'vsphere-unreachable': {
    means: "A vSphere server can't be reached.",
    wayOut: "Check host and port of the target's url, and that the server runs.",
  },
  'vsphere-url': {
    means: "The `url` of a vSphere target isn't the https address of a server.",
    wayOut: 'Write https://HOST or https://HOST:PORT.',
  },
} as const satisfies Meanings;
