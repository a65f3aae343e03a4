import type { Meanings } from './meaning.ts';

export const commands = {
  'agent-runs': {
    means: 'An agent with this state folder runs already.',
    wayOut: 'End it with `converge agent drain`, or give a second one a state folder of its own.',
  },
  'agent-stuck': {
    means: 'The loop of an agent has not gone on for minutes, and the agent ended.',
    wayOut: 'Have a service manager start it anew; leases of its cycles run out by themselves.',
  },
  'agent-mixed': {
    means: 'An agent was asked for VMs and for its instance at once, or for neither.',
    wayOut: 'Run `converge agent PATHS`, or `converge agent --self URL`.',
  },
  'bad-digest': {
    means: "`--digest` isn't the digest of a plan.",
    wayOut:
      'Copy it from the line of the digest: of `converge plan`, or of the same `converge failover` with `--noop`.',
  },
  'bad-duration': {
    means: "An option or a value isn't a length of time.",
    wayOut: 'Write it like `5m`, `12h` or `30d`.',
  },
  'bad-number': { means: "An option isn't a whole number.", wayOut: 'Write a whole number.' },
  'bad-observations': {
    means: "A file of observations isn't there or can't be read as one.",
    wayOut: 'Make it with `converge observe PATHS -o FILE`.',
  },
  'bad-pair': {
    means: 'An option that takes `KEY=VALUE` was given something else.',
    wayOut: 'Write `KEY=VALUE`.',
  },
  'bad-secret': {
    means: 'An option that names the place of a secret was given something else.',
    wayOut: 'Write `env:NAME` or `file:PATH`.',
  },
  'bad-secret-source': {
    means: '`--from` was given something other than the place of a secret.',
    wayOut: 'Write `env:NAME` or `file:PATH`.',
  },
  'bad-size': { means: "A size isn't written as one.", wayOut: 'Write it like `64MiB` or `1GiB`.' },
  'bad-listen': {
    means: '`--listen` is not HOST:PORT, or `--name` is not a name, or NAME:PORT.',
    wayOut: 'Write it like `127.0.0.1:9470`, an IPv6 address in brackets.',
  },
  'bad-credential': {
    means: '`--credential` is not NAME=FILE.',
    wayOut: 'Write it like `vcenter=/etc/converge/vcenter-password`.',
  },
  'bad-month': {
    means: 'The month of a report is not one, or has not begun.',
    wayOut: 'Write it like `2026-11`.',
  },
  'group-of-nobody': {
    means: 'A report was asked for of a group that no VM is in.',
    wayOut: 'Correct the glob of `--group`, or the label: labels are those of the manifests.',
  },
  'service-manager': {
    means: 'systemd or the Task Scheduler did not do what installing or removing the service takes.',
    wayOut: 'The message says what it said. Run it as root or an administrator.',
  },
  'not-on-windows': {
    means: 'The service was given what only systemd can do.',
    wayOut: 'Do as the hint says, or leave the option out.',
  },
  'page-certificate': {
    means:
      'Certificate or key of the page can not be used or do not belong together; a warning: it has run out, is for other names, or what it was renewed by can not be used.',
    wayOut: 'Give the certificate as PEM, and its key without a passphrase.',
  },
  'page-failed': {
    means: 'Something that was asked of the page could not be made; whoever asked was told that much.',
    wayOut: 'The message says what went wrong. If it names nothing of yours, report it.',
  },
  'page-port': {
    means: 'The page can not be served at that address.',
    wayOut: 'Give another with `--listen`, or end what has the port.',
  },
  'page-unsafe': {
    means:
      'The page would be reached from elsewhere without TLS or a token, or with one that can be guessed or not be sent.',
    wayOut: 'Give `--tls-cert`, `--tls-key`, `--token` and `--name`, or listen on loopback.',
  },
  'bad-slots': {
    means: '`--slots` is not a whole number from 1 on.',
    wayOut: 'Write how many cycles may run at once.',
  },
  'bad-switch': {
    means: 'An option that is on or off was given something else.',
    wayOut: 'Write `on` or `off`.',
  },
  'empty-argument': {
    means: 'An option or argument has no text at all.',
    wayOut: 'Leave it out, or look whether a variable of the shell is set.',
  },
  'file-exists': { means: 'A new key would overwrite a file.', wayOut: 'Name a new file.' },
  'missing-argument': {
    means: "An option that the command needs isn't given.",
    wayOut: 'Add it; `--help` of the command lists the options.',
  },
  'no-address': {
    means: '`converge explain` was given no resource.',
    wayOut: 'Name one: `converge explain TYPE:TITLE PATHS`.',
  },
  'no-folder': { means: "The folder of an output file isn't there.", wayOut: 'Make it first.' },
  'no-paths': {
    means: 'No manifests were named.',
    wayOut: 'Name files or folders of manifests; paths come before `--lab`.',
  },
  'report-mixed': {
    means:
      '`report last` and `report failed` are of a state folder, and were given what the evidence of a month takes.',
    wayOut: 'Name the state folder with `--state`.',
  },
  'no-report': {
    means: 'There is no report of a run such as was asked for.',
    wayOut: 'Name the state folder of those runs with `--state`, or `--lab`.',
  },
  'no-plan': {
    means: "What was to be applied or compared isn't a plan file, or isn't there.",
    wayOut: 'Name a file that `converge plan -o FILE` wrote.',
  },
  'no-repository': {
    means: 'No repository was named.',
    wayOut: 'Name the manifests that declare it, or give `--repository`.',
  },
  'not-answered': {
    means: "`converge init` needs answers that it can't ask for without a terminal.",
    wayOut: 'Give the options, or run it in a terminal.',
  },
  'one-plan': { means: 'A plan file was given together with other paths.', wayOut: 'Apply it by itself.' },
  'plan-is-whole': {
    means: '`--only` or `--except` was given with a plan that was reviewed as a whole.',
    wayOut: 'Select when planning.',
  },
  'self-alone': { means: '`--self` was given together with paths.', wayOut: 'Leave out the paths.' },
  'self-missing': {
    means: 'An option that goes with `--self` was given without it.',
    wayOut: 'Add `--self s3://BUCKET/`, or leave the option out.',
  },
  'repository-not-declared': {
    means: 'No protected VM of the manifests is in the repository that `--repository` names.',
    wayOut: 'Correct it, or leave it out to have all of them.',
  },
  'several-repositories': {
    means: "The manifests name several repositories, and it isn't said which one is meant.",
    wayOut: 'Say it with `--repository`, or name a VM that is declared.',
  },
  'short-secret': {
    means: "A secret is so short that it isn't taken out of what is said (a warning).",
    wayOut: 'Use a longer secret.',
  },
  'trust-nobody': {
    means: '`--trust` was given with `--insecure-unsigned`, which verifies nothing.',
    wayOut: 'Leave one of them out.',
  },
  'unknown-address': {
    means: "An address that was named isn't declared.",
    wayOut: 'Correct it; `converge graph PATHS` lists the addresses.',
  },
  'vm-not-declared': {
    means: 'A VM was named that no `protected_vm` declares.',
    wayOut: 'Correct the name, or declare it.',
  },
} as const satisfies Meanings;
