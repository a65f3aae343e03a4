import type { Meanings } from './meaning.ts';

export const host = {
  'access-denied': {
    means: "Windows didn't allow something to be read or changed.",
    wayOut: 'Run converge as an administrator.',
  },
  'archive-bomb': {
    means: 'An archive looks made to fill a disk. Nothing was written.',
    wayOut: 'Have it made without what the message names.',
  },
  'archive-damaged': {
    means: 'An archive is damaged.',
    wayOut: 'Make or fetch it again; nothing of it was used.',
  },
  'archive-into-root': {
    means: 'An archive would be unpacked into a folder that it would take over as a whole.',
    wayOut: 'Give it a directory of its own.',
  },
  'archive-missing': {
    means: "An archive isn't there.",
    wayOut: 'Declare what brings it, or correct `source:`.',
  },
  'archive-refused': {
    means: "An archive holds an entry that isn't unpacked.",
    wayOut: 'Have it made without that entry.',
  },
  'bad-address': {
    means: "A title or a value isn't an IP address.",
    wayOut: 'Write an IPv4 or IPv6 address.',
  },
  'bad-path': {
    means: "A path can't be one on this operating system.",
    wayOut: 'Write it as the hint shows.',
  },
  'bad-path-entry': {
    means: 'An entry of the PATH holds the character that separates entries.',
    wayOut: 'Declare each directory by itself.',
  },
  'bad-service': {
    means: 'A service is declared in a way that contradicts itself.',
    wayOut: 'Follow the hint.',
  },
  'bad-variable': {
    means: "An environment variable is declared in a way that this operating system can't hold.",
    wayOut: 'Follow the hint.',
  },
  'content-too-large': {
    means: 'Content is larger than is taken.',
    wayOut: 'Raise `max_size` if that is meant, or let the manifest `download` what is large.',
  },
  'content-url': {
    means: "A URL doesn't name content that can be read.",
    wayOut: 'Write s3://BUCKET/KEY or an http address.',
  },
  contradiction: {
    means: 'Two values of a resource, or of two, contradict each other.',
    wayOut: 'Change one of them.',
  },
  'disk-full': {
    means: "There isn't enough space on a file system.",
    wayOut: 'Free some space, or use a larger file system.',
  },
  'exec-failed': { means: 'The program of an `exec` failed.', wayOut: 'The message holds what it said.' },
  'exec-no-program': {
    means: 'A command of an `exec` begins with nothing that could be run.',
    wayOut: 'Write the path or the name of a program as its first word.',
  },
  'exec-without-guard': {
    means: 'An `exec` has nothing that says when it is needed.',
    wayOut: 'Add `creates:`, `only_if:`, `unless:` or `refresh_only: true`.',
  },
  'file-access': {
    means: "A file can't be read or written.",
    wayOut: 'Look at its permissions and those of its folder.',
  },
  'file-refused': {
    means: 'A file is left as it is, since something other than a plain file is there.',
    wayOut: 'Move it away, or change the declaration.',
  },
  'file-too-large': {
    means: 'A file is larger than one request of a sync up may have.',
    wayOut: 'Exclude it, and copy it by a program that uploads in parts.',
  },
  'git-certificate': {
    means: "The certificate of a git server isn't trusted.",
    wayOut: 'Let git know the authority: `http.sslCAInfo`.',
  },
  'git-failed': {
    means: 'git failed for a reason that has no code of its own here.',
    wayOut: 'The message holds what git said.',
  },
  'git-host-key': { means: "ssh doesn't know the key of a git server.", wayOut: 'Add it to known_hosts.' },
  'git-missing': {
    means: "git isn't installed, or isn't in PATH.",
    wayOut: 'Declare what installs it, and name that with `require:`.',
  },
  'git-name-unknown': {
    means: "The name of a git server can't be resolved.",
    wayOut: "Check its spelling and this machine's DNS.",
  },
  'git-no-revision': {
    means: 'A git repository has no branch, tag or commit of that name.',
    wayOut: 'Check the name; a commit is written with all of its 40 digits.',
  },
  'git-not-found': { means: "A git repository isn't there.", wayOut: 'Check the URL.' },
  'git-protocol': {
    means: "A git repository is reached by a protocol that isn't allowed.",
    wayOut: 'Use https:// or ssh://; http:// needs `allow_insecure: true`.',
  },
  'git-refused': {
    means: "A git server didn't let this machine in.",
    wayOut: 'Give `username:` and `password:`, or a key that ssh finds by itself.',
  },
  'git-timed-out': {
    means: 'git took longer than an hour, or its server sent nothing for five minutes.',
    wayOut: 'Look at the network and at the size of the repository.',
  },
  'git-unreachable': { means: "A git server can't be reached.", wayOut: 'Check host, port and firewall.' },
  'guard-timed-out': {
    means: 'The guard of an `exec` took longer than 5 minutes.',
    wayOut: 'Use a quicker guard.',
  },
  'hosts-encoding': {
    means: 'The table of hosts is UTF-16, which no program reads.',
    wayOut: 'Save it as plain text.',
  },
  'html-instead': {
    means: 'A download was answered with a page of HTML.',
    wayOut: 'Check the URL in a browser; declare the `checksum:` if a page is meant.',
  },
  'http-certificate': {
    means: "The certificate of a server isn't trusted.",
    wayOut: "Check the name and this machine's clock, or point NODE_EXTRA_CA_CERTS at your authority.",
  },
  'http-cut-off': {
    means: 'A connection ended before all of the content was there.',
    wayOut: 'Run again; nothing of the incomplete content was used.',
  },
  'http-name-unknown': {
    means: "The name of a server can't be resolved.",
    wayOut: "Check its spelling and this machine's DNS.",
  },
  'http-no-tls': {
    means: "What listens at the URL's port doesn't speak TLS.",
    wayOut: 'Check the port of the URL.',
  },
  'http-not-found': { means: "What a URL names isn't there.", wayOut: 'Check the URL.' },
  'http-redirect-refused': {
    means: 'A URL is redirected to where it must not lead.',
    wayOut: 'Give the URL that holds the content.',
  },
  'http-redirects': {
    means: 'A URL is redirected too often.',
    wayOut: 'Give the URL that holds the content.',
  },
  'http-refused': {
    means: "A server doesn't let this machine read a URL.",
    wayOut: 'Let the server allow it, or put the content into S3.',
  },
  'http-unavailable': {
    means: 'A server is overloaded or broken at the moment.',
    wayOut: 'Run again when it is well.',
  },
  'http-unexpected': {
    means: "A server answered with a status that isn't expected.",
    wayOut: 'Give a URL that answers with the content itself.',
  },
  'http-unreachable': { means: "A server can't be reached.", wayOut: 'Check host, port and firewall.' },
  'in-the-way': {
    means: 'Something else is where an entry of an archive belongs.',
    wayOut: 'Move it away, or unpack into another folder.',
  },
  'insecure-download': {
    means: 'A download over http:// has no checksum, so anybody on the way could change it.',
    wayOut: 'Use https://, add `checksum:`, or say `allow_insecure: true`.',
  },
  'insecure-git': {
    means: 'A git repository is reached over http://, which protects nothing.',
    wayOut: 'Use https:// or ssh://, or say `allow_insecure: true`.',
  },
  'local-changes': {
    means: 'A checkout holds changes that would be lost.',
    wayOut: 'Commit or move them, or say `discard_changes: true`.',
  },
  'memory-refused': {
    means: 'What is remembered of an archive names paths outside of its folder.',
    wayOut: 'Find out who wrote the state folder, and remove it.',
  },
  'not-a-checkout': {
    means: "A directory is there and isn't a checkout of a git repository.",
    wayOut: 'Move it away, or give another directory.',
  },
  'password-in-url': {
    means: 'A URL holds a user name, a password or a token.',
    wayOut: 'Take it out: a URL is shown in plans and reports.',
  },
  'program-not-started': {
    means: "A program can't be started.",
    wayOut: 'Check that it is there and may be run.',
  },
  'sync-direction': {
    means: "An `s3_sync` has no direction, two of them, or a value that doesn't go with its direction.",
    wayOut: 'Give either `from` or `to`, and what goes with it.',
  },
  'systemctl-failed': {
    means: 'systemctl failed.',
    wayOut: '`systemctl status` and `journalctl -u` say more; services need root.',
  },
  'systemd-unreadable': {
    means: 'systemctl said nothing of some services.',
    wayOut: 'Look at what `systemctl show` prints of them.',
  },
  'timezone-refused': {
    means: "The time zone of this host couldn't be read or set.",
    wayOut: 'See whether the host knows the zone.',
  },
  'unsafe-names': {
    means: "A source holds names that can't be taken. Nothing was written.",
    wayOut: 'Have it made without them.',
  },
  'wrong-checksum': {
    means: 'Content has another checksum than the one that is declared.',
    wayOut: 'Check where it comes from before you declare the new checksum.',
  },
  'wrong-name': {
    means: "A title or a name can't be the name of such a thing.",
    wayOut: 'Write one that the system takes, as the hint says.',
  },
} as const satisfies Meanings;
