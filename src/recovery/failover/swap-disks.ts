import { Failure, failedWith, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { until } from '../../io/until.ts';
import { note } from '../run/keep.ts';
import { attemptIn, attemptTags, DISK_TAG, derivedToken, machineTags } from '../run/names.ts';
import { attemptOf, type RunMachine } from '../run/run.ts';
import { goOn, type RehearseOptions } from './options.ts';
import { type Move, nextMove, type Seen, type Wanted } from './swap.ts';

const lookEvery = 3_000;
const patience = 30 * 60_000;

/**
 * Gives a machine that runs its shell its own disks, then what it wants of its network: looks, makes the one
 * next move, looks again, from wherever it stands. Nothing but what EC2 shows tells how far it is.
 *
 * @throws Failure `machine-not-launched`
 */
export async function swapDisks(
  machine: RunMachine,
  instance: string,
  wanted: Wanted,
  options: RehearseOptions,
): Promise<void> {
  const { repository, run, clock, step, say, signal } = options;
  let waited = 'its disks';
  let isTold = false;
  const what = `${instance} of ${machine.vm} to have its own disks`;
  await until(
    clock,
    async () => {
      for (;;) {
        const seen = await look(machine, instance, options);
        const move = nextMove(seen, wanted);
        if (move.ask === 'give-up') throw noUse(machine.vm, move.why, anew);
        if (move.ask === 'done') return true;
        if (move.ask === 'wait') {
          waited = move.for;
          return undefined;
        }
        await step(`${move.ask}-${machine.vm}`);
        if (!isTold && isByHand(move, seen)) {
          say?.(`${machine.vm}: the exchange of its root failed (${seen.task}): its disk is put in by hand`);
          isTold = true;
        }
        say?.(`${machine.vm}: ${words(move)}`);
        await make(move, seen, machine, { ...options, groups: wanted.groups });
      }
    },
    { every: lookEvery, atMost: patience, what, hint: goOn, ...(signal && { signal }) },
  ).catch(error => {
    throw failedWith(error, 'waited-too-long')
      ? noUse(machine.vm, `it waited too long for ${waited}`)
      : error;
  });
  if (run.steps.some(one => one.what === 'swapped' && one.instance === instance)) return;
  await step(`swapped-${machine.vm}`);
  await note(repository, run, { at: clock.now(), what: 'swapped', vm: machine.vm, instance });
}

async function look(machine: RunMachine, id: string, options: RehearseOptions): Promise<Seen> {
  const { repository, run, cloud, signal } = options;
  const tags = machineTags(repository.id, run.start, machine.uuid);
  const [instances, all, task] = await Promise.all([
    cloud.machines.instances(tags, signal),
    cloud.volumes.list(tags, signal),
    cloud.volumes.rootTask(id, signal),
  ]);
  const instance = instances.find(one => one.id === id);
  if (!instance) throw noUse(machine.vm, `${id} is gone`);
  const attempt = attemptOf(run, machine.vm);
  // Those of an earlier attempt go with it.
  const volumes = all.filter(({ tags: its }) => attemptIn(its) === attempt);
  return {
    instance,
    disks: !machine.shell
      ? 'from-image'
      : machine.disks.map((_, n) => volumes.find(({ tags: its }) => its[DISK_TAG] === String(n))),
    shells: !machine.shell ? [] : volumes.filter(({ tags: its }) => its[DISK_TAG] === undefined),
    task,
  };
}

type Doing = Exclude<Move, { ask: 'wait' | 'done' | 'give-up' }>;

async function make(
  move: Doing,
  { instance, shells }: Seen,
  machine: RunMachine,
  { repository, run, cloud, groups, signal }: RehearseOptions & { groups: readonly string[] },
): Promise<void> {
  const { machines, volumes } = cloud;
  const { id, zone } = instance;
  const attempt = attemptOf(run, machine.vm);
  const tags = { ...machineTags(repository.id, run.start, machine.uuid), ...attemptTags(attempt) };
  const token = (what: string) => derivedToken(repository.id, run.start, machine.vm, attempt, what);
  switch (move.ask) {
    case 'create': {
      const { snapshot } = machine.disks[move.disk]!;
      // An encrypted root is replaced by an encrypted one alone.
      const encrypted = shells.some(shell => shell.encrypted);
      const named = { ...tags, [DISK_TAG]: String(move.disk), Name: `${machine.vm} disk ${move.disk}` };
      const made = {
        snapshot: snapshot!,
        zone,
        encrypted,
        token: token(`disk ${move.disk} in ${zone}`),
        tags: named,
      };
      await volumes.create(made, signal);
      return;
    }
    case 'replace-root':
      return volumes.replaceRoot(
        { instance: id, volume: move.volume, token: token(`root ${move.volume}`), tags },
        signal,
      );
    case 'stop':
      return machines.stop(id, signal);
    case 'detach':
      return volumes.detach(move.volume, id, signal);
    case 'attach':
      return volumes.attach(move.volume, id, move.device, signal);
    case 'end-with':
      return volumes.endWith(id, move.devices, move.ends, signal);
    case 'start':
      return machines.start(id, signal);
    case 'remove':
      return volumes.remove(move.volume, signal);
    case 'groups':
      return machines.setGroups(id, groups, signal);
    case 'profile':
      return machines.setProfile(id, move.profile, signal);
  }
}

const said: Record<Doing['ask'], string> = {
  create: 'a volume is made of its disk',
  'replace-root': 'its root is exchanged',
  stop: 'its shell is stopped',
  detach: 'the disk of its shell is taken out',
  attach: 'its own disk is put in',
  'end-with': 'its disks end with it, or outlive it',
  start: 'it starts from its own disks',
  remove: 'the disk of its shell is deleted',
  groups: 'it gets its security groups',
  profile: 'it gets its instance profile',
};
const words = (move: Doing): string =>
  move.ask === 'end-with'
    ? `its disks ${move.ends ? 'end with' : 'outlive'} it`
    : move.ask === 'create' || move.ask === 'attach'
      ? `${said[move.ask]} ${move.disk}`
      : said[move.ask];

/** What EC2 was to exchange is exchanged step by step, since its task failed. */
const isByHand = ({ ask }: Doing, { task }: Seen): boolean =>
  (task === 'failed' || task === 'failed-detached') &&
  (ask === 'stop' || ask === 'detach' || ask === 'attach');

/** What will not be otherwise by waiting. */
const anew =
  'try it again as another instance with `converge failover retry PLAN PATHS --anew`, or remove what there is with `converge failover cleanup PLAN PATHS`';

const noUse = (vm: string, why: string, hint = goOn): Failure =>
  new Failure(world('machine-not-launched', own`${vm} can't be given its disks: ${why}`, { hint }));
