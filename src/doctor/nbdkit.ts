import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { type Answer, type Finding, ok, problem, type Subject, warn } from './finding.ts';
import { judgeTransports, type Maker } from './vddk-transports.ts';

/** What nbdkit said, and what is there of what it needs. */
export interface NbdkitFacts {
  program: string;
  plugin: string;
  /** First line of `--version`. */
  version: Answer<string>;
  /** What `--dump-plugin` printed; left out where the program isn't there. */
  dump?: Answer<string>;
  /** A folder that the target declares, and names of VMware's library that were found in it. */
  libdir?: { path: string; libraries: readonly string[] };
  /** What the target wants of the VDDK, and who made this machine. */
  transports?: { wanted: string; maker: Maker };
}

/** What is worth saying about the nbdkit of this machine, as `target` declares it. Pure. */
export function judgeNbdkit(target: string, facts: NbdkitFacts): Finding[] {
  const { program, plugin, version, dump, libdir, transports } = facts;
  const about = (what: string, looked: string): Subject => ({ of: target, what, looked });
  const start = about('nbdkit', `${program} --version`);
  if ('failed' in version)
    return [
      problem(
        start,
        `${program} does not start here: ${words(version.failed)}`,
        'Install nbdkit 1.24 or newer, or say where it is: `nbdkit: { program: /PATH/nbdkit }`.',
      ),
    ];
  return [
    versionFinding(start, program, version.value),
    ...(dump === undefined ? [] : [pluginFinding(about('nbdkit plugin', dumpOf(facts)), plugin, dump)]),
    ...(libdir === undefined ? [] : [libraryFinding(about('VDDK', `folder ${libdir.path}`), libdir)]),
    ...(transports === undefined
      ? []
      : [
          judgeTransports(
            about('VDDK transports', 'the target, and the maker of this machine'),
            transports.wanted,
            transports.maker,
          ),
        ]),
  ];
}

/** One that a target declares beside a transport that isn't by it. */
export const unusedNbdkit = (of: string): Finding =>
  warn(
    { of, what: 'nbdkit', looked: 'the target' },
    '`nbdkit` is declared and reads nothing: `transport: datastore` reads all disks over HTTPS',
    'leave out `transport` to read by nbdkit, or leave out `nbdkit`',
  );

/** The oldest that the client is written for. */
const oldest = [1, 24] as const;

function versionFinding(start: Subject, program: string, said: string): Finding {
  const [, major, minor] = /^nbdkit (\d+)\.(\d+)/.exec(said) ?? [];
  const wayOut = 'Install nbdkit 1.24 or newer, or say where it is: `nbdkit: { program: /PATH/nbdkit }`.';
  if (major === undefined)
    return problem(
      start,
      `${program} is not nbdkit: ${said === '' ? 'it says nothing' : `it says ${said}`}`,
      wayOut,
    );
  const isOld = Number(major) < oldest[0] || (Number(major) === oldest[0] && Number(minor) < oldest[1]);
  return isOld ? problem(start, `${said} is too old`, wayOut) : ok(start, said);
}

/** Whether disks can be read by it, as far as a look can tell. */
export const worksBy = (findings: readonly Finding[]): boolean =>
  findings.every(({ verdict }) => verdict !== 'problem');

export const dumpOf = ({ program, plugin }: Pick<NbdkitFacts, 'program' | 'plugin'>): string =>
  `${program} ${plugin} --dump-plugin`;

function pluginFinding(about: Subject, plugin: string, dump: Answer<string>): Finding {
  if ('failed' in dump)
    return problem(
      about,
      `nbdkit has no plugin ${plugin} that it can open: ${words(dump.failed)}`,
      "Install the plugin (Debian's nbdkit comes without vddk), or name its file: `nbdkit: { plugin: ... }`.",
    );
  const of = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(dump.value)?.[1];
  if (of('name') === undefined)
    return problem(
      about,
      `nbdkit says nothing about a plugin ${plugin}`,
      'Try the same by hand: `--dump-plugin` prints the name and the path of a plugin.',
    );
  return ok(
    about,
    [of('name') ?? plugin, of('version'), of('path')].filter(one => one !== undefined).join(', '),
  );
}

const libraryFinding = (
  about: Subject,
  { path, libraries: [first] }: NonNullable<NbdkitFacts['libdir']>,
): Finding =>
  first === undefined
    ? problem(
        about,
        `${path} holds no libvixDiskLib.so of VMware's VDDK, nor does its lib64`,
        'Unpack the VDDK for Linux there: the folder that holds `lib64` is the one to declare as `libdir`.',
      )
    : ok(about, `${first} is there`);

const words = (failed: readonly Diagnostic[]) => failed.map(({ message }) => message).join('; ');
