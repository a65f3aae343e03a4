import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import {
  type Answer,
  type Finding,
  findingsOf,
  leftOut,
  ok,
  problem,
  type Subject,
  warn,
} from './finding.ts';
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
  libdir?: { path: string; libraries: Answer<readonly string[]> };
  /** What the target wants of the VDDK, and who made this machine. */
  transports?: { wanted: string; maker: Maker };
}

/** What is worth saying about the nbdkit of this machine, as `target` declares it. Pure. */
export function judgeNbdkit(target: string, facts: NbdkitFacts): Finding[] {
  const { program, plugin, version, dump, transports } = facts;
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
    ...libraryFindings((looked: string) => about('VDDK', looked), facts),
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

/** What nbdkit is asked with; a folder without a library would keep it from telling of its plugin. */
export const dumpArgs = ({ plugin, libdir }: Pick<NbdkitFacts, 'plugin' | 'libdir'>): string[] => {
  const libraries = libdir && 'value' in libdir.libraries ? libdir.libraries.value : [];
  return [plugin, ...(libraries.length > 0 ? [`libdir=${libdir!.path}`] : []), '--dump-plugin'];
};

export const dumpOf = (facts: Pick<NbdkitFacts, 'program' | 'plugin' | 'libdir'>): string =>
  [facts.program, ...dumpArgs(facts)].join(' ');

/** One line of what `--dump-plugin` printed. */
const lineOf = (dump: string, name: string): string | undefined =>
  new RegExp(`^${name}=(.*)$`, 'm').exec(dump)?.[1];

function pluginFinding(about: Subject, plugin: string, dump: Answer<string>): Finding {
  if ('failed' in dump)
    return problem(
      about,
      `nbdkit has no plugin ${plugin} that it can open: ${words(dump.failed)}`,
      "Install the plugin (Debian's nbdkit comes without vddk), or name its file: `nbdkit: { plugin: ... }`.",
    );
  const of = (name: string) => lineOf(dump.value, name);
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

/**
 * Whether VMware's library is there and can be loaded. The plugin, which is there without it, tries that when
 * it tells of itself, and has a line of the library only where it could: `vddk_dll`, and newer ones
 * `vddk_library_version` (nbdkit-vddk-plugin(1), and vddk.c of nbdkit).
 */
function libraryFindings(about: (looked: string) => Subject, facts: NbdkitFacts): Finding[] {
  const { plugin, dump, libdir } = facts;
  const folder = about(`folder ${libdir?.path}`);
  const listed = libdir?.libraries ?? { value: [] };
  if ('failed' in listed) return findingsOf(folder, listed.failed, undefined);
  const [library] = listed.value;
  if (libdir && library === undefined)
    return [
      problem(
        folder,
        `${libdir.path} holds no libvixDiskLib.so of VMware's VDDK, nor does its lib64`,
        'Unpack the VDDK for Linux there: the folder that holds `lib64` is the one to declare as `libdir`.',
      ),
    ];
  if (dump === undefined) return [];
  const looked = about(dumpOf(facts));
  const of = (name: string) => ('value' in dump ? lineOf(dump.value, name) : undefined);
  const [name, version, file] = ['name', 'vddk_library_version', 'vddk_dll'].map(of);
  if (name === undefined)
    return [
      leftOut(
        looked,
        `only the plugin ${plugin} tells whether the library can be loaded, and it does not open`,
        'mend what is said about the plugin',
      ),
    ];
  if (name !== 'vddk')
    return library === undefined
      ? []
      : [
          leftOut(
            looked,
            `${library} is there; the plugin ${plugin} is not VMware's, and does not tell whether it loads it`,
            'declare the plugin `vddk`, or leave out `libdir`',
          ),
        ];
  if (version !== undefined || file !== undefined)
    return [ok(looked, [version && `version ${version}`, file].filter(Boolean).join(', '))];
  const unloaded = `the plugin ${plugin} can't load libvixDiskLib.so of VMware's VDDK from`;
  if (libdir)
    return [
      problem(
        looked,
        `${unloaded} ${libdir.path}`,
        'Unpack a VDDK for Linux there that this nbdkit knows, 6.5 or newer.',
      ),
    ];
  return [
    problem(
      looked,
      `${unloaded} ${of('vddk_default_libdir') ?? 'where it looks by itself'}, and no \`libdir\` is declared`,
      'Unpack the VDDK for Linux, and declare the folder that holds its `lib64`: `nbdkit: { libdir: ... }`.',
    ),
  ];
}

const words = (failed: readonly Diagnostic[]) => failed.map(({ message }) => message).join('; ');
