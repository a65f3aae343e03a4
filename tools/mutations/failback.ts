import type { Mutation } from './mutation.ts';

const failback = 'src/recovery/failback/';
const app = 'src/app/recovery/real/';
const plain = 'test/recovery/failback.test.ts';
const guards = 'test/recovery/failback-guards.test.ts';
const sources = 'test/recovery/sources.test.ts';
const cover: Mutation['test'] = [
  'test/recovery/cover.test.ts',
  'a volume that was attached in AWS is covered, too, and until it is that is said',
];
const started: Mutation['test'] = [guards, 'started again after it was brought home'];
const strangers: Mutation['test'] = [guards, 'a volume that was attached in EC2 is named'];
const folder: Mutation['test'] = [guards, 'a folder that has anything else is left alone'];

/** What keeps a failback from losing what a machine wrote, and from writing over what isn't its own. */
export const ofWayHome: readonly Mutation[] = [
  {
    guard: 'undo: a machine that was started in EC2 since it was brought home',
    file: `${failback}failback.ts`,
    from: 'if (await isStill(frozenIn(run, vm), options)) return;',
    to: 'if (await isStill(frozenIn(run, vm), options).then(() => true)) return;',
    test: started,
  },
  {
    guard: 'failback: final snapshots of a machine that was started since',
    file: `${failback}freeze.ts`,
    from: '`${launched}/${since}`',
    to: '`${since}`',
    test: started,
  },
  {
    guard: 'failback: final snapshots of a volume that was detached since',
    file: `${failback}freeze.ts`,
    from: '`${launched}/${since}`',
    to: '`${launched}`',
    test: started,
  },
  {
    guard: 'failback: a machine that is started while it is brought home',
    file: `${failback}failback.ts`,
    from: 'await demandStill(frozen, options);',
    to: '',
    test: started,
  },
  {
    guard: 'failback: a volume that was attached in EC2 is not left out in silence',
    file: `${failback}failback.ts`,
    from: 'if (!mayLeave) refuseStrangers(machine.vm, left);',
    to: '',
    test: strangers,
  },
  {
    guard: 'failback: a disk that was taken out in EC2 is not left out',
    file: `${failback}attached.ts`,
    from: 'if (against.length > 0) throw new Failure(against);',
    to: 'if (against.length > 0) return found.filter(Boolean) as AttachedVolume[];',
    test: strangers,
  },
  {
    guard: 'failback: a disk that was enlarged in EC2 is not cut off',
    file: `${failback}attached.ts`,
    from: 'gib > Math.ceil(disk.bytes / GiB)',
    to: 'false',
    test: [guards, 'a disk that was enlarged in EC2'],
  },
  {
    guard: 'snapshots that protect a machine are of all its volumes',
    file: 'src/recovery/cover/cover.ts',
    from: 'lacks.length === 0 && ',
    to: '',
    test: cover,
  },
  {
    guard: 'a volume that nothing covers yet is told',
    file: 'src/recovery/cover/cover.ts',
    from: '...(lacks.length > 0 && { lacks })',
    to: '',
    test: cover,
  },
  {
    guard: 'failback: a folder that has the failback of another machine or run',
    file: `${failback}folder.ts`,
    from: 'if (isDeepStrictEqual(owner, of)) return;',
    to: 'if (owner !== undefined) return;',
    test: folder,
  },
  {
    guard: 'failback: a folder that has anything else',
    file: `${failback}folder.ts`,
    from: 'if (!names || names.length === 0) return;',
    to: 'if (!names?.includes(FOLDER_OWNER)) return;',
    test: folder,
  },
  {
    guard: 'failback: changes at home that nobody knows take the whole disk',
    file: `${failback}differences.ts`,
    from: "if ('unknown' in home) return whole(home.unknown);",
    to: "if ('unknown' in home) return wayOf(store, { ...of, home: { areas: [] } }, signal);",
    test: [plain, 'change tracking that was reset: whole disks are taken'],
  },
  {
    guard: 'failback: a domain controller is not brought home as an image',
    file: `${app}failback.ts`,
    from: "if (targetProperties(target).role !== 'domain_controller') return;",
    to: 'return;',
    test: [sources, 'a domain controller is never brought home as an image'],
  },
  {
    guard: 'a home that wrote after its last point is not switched over (`not-at-rest`)',
    file: `${app}planned.ts`,
    from: "['it has written since its last point']",
    to: '[]',
    test: ['test/recovery/planned.test.ts', 'written by somebody after its last point'],
  },
  {
    guard: 'a home that was started after its last point is not switched over (`not-at-rest`)',
    file: `${app}planned.ts`,
    from: '? [one.unknown]',
    to: '? []',
    test: ['test/recovery/planned.test.ts', 'started again after its last point'],
  },
];
