/** What a service runs, and with what. */
export interface Service {
  /** What makes points, or what takes from a queue and makes them. */
  kind: 'agent' | 'worker';
  /** The program and its first arguments. */
  program: readonly string[];
  /** What it looks after; whole paths. */
  manifests: readonly string[];
  /** What it is told besides. */
  args: readonly string[];
  /** Names and the files that hold them: what manifests call `secret('credential:NAME')`. */
  credentials: readonly { name: string; file: string }[];
  /** Folders that it may write beside its state: repositories that are mounted. */
  writes: readonly string[];
}

/** What a service is called: `converge-agent`. */
export const nameOf = ({ kind }: Pick<Service, 'kind'>): string => `converge-${kind}`;

/** Where systemd keeps its state, below /var/lib. */
export const folderOf = ({ kind }: Pick<Service, 'kind'>): string =>
  kind === 'agent' ? 'converge' : 'converge-worker';

/** What it is, for people. */
export const describe = ({ kind }: Pick<Service, 'kind'>): string =>
  kind === 'agent'
    ? 'converge: makes the recovery points that its manifests ask for'
    : 'converge: makes recovery points that agents offer in a queue';

/** An argument in quotes, where `%` and `$` mean nothing: systemd.service(5), "Command lines". */
const argument = (text: string): string =>
  `"${text.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`;

/** A path in a list of paths: quotes and backslashes as in an argument, a `$` is itself. */
const path = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%')}"`;

/** What the program is called with. */
export const serviceCommand = ({
  kind,
  args,
  manifests,
}: Pick<Service, 'kind' | 'args' | 'manifests'>): string[] => [kind, ...args, ...manifests];

/**
 * A unit of systemd that runs an agent or a worker and may do next to nothing else. Schedules are the agent's
 * own: none is translated into a calendar of the host, whose timers skip what a change of the clocks skips.
 */
export function systemdUnit(service: Service): string {
  const { program, credentials, writes } = service;
  const folder = folderOf(service);
  const command = [...program, ...serviceCommand(service), '--state', `/var/lib/${folder}`];
  return `[Unit]
Description=${describe(service)}
Documentation=https://converge.example/docs/operation.md
Wants=network-online.target
After=network-online.target
# However often it fails: what is due stays due.
StartLimitIntervalSec=0

[Service]
Type=notify
# Node has no datagram sockets: systemd-notify speaks for it.
NotifyAccess=all
ExecStart=${command.map(argument).join(' ')}
Restart=always
RestartSec=15
TimeoutStartSec=15min
WatchdogSec=10min
# SIGTERM undoes or finishes what is at work; a kill is as safe and leaves more to the next start.
KillMode=mixed
TimeoutStopSec=10min
DynamicUser=yes
StateDirectory=${folder}
StateDirectoryMode=0700
RuntimeDirectory=${folder}
RuntimeDirectoryMode=0700
Environment=CONVERGE_RUNTIME_DIRECTORY=/run/${folder} HOME=/var/lib/${folder}
WorkingDirectory=/var/lib/${folder}
${credentials.map(({ name, file }) => `LoadCredential=${name}:${file.replaceAll('%', '%%')}\n`).join('')}${writes.map(one => `ReadWritePaths=${path(one)}\n`).join('')}
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateMounts=yes
PrivateDevices=yes
PrivateUsers=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
UMask=0077
# MemoryDenyWriteExecute would end Node at its start: it compiles what it runs.

[Install]
WantedBy=multi-user.target
`;
}
