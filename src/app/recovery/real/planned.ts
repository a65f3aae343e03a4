import { blocked, Failure, world } from '../../../diagnostics/diagnostic.ts';
import type { Clock } from '../../../io/ports.ts';
import { until } from '../../../io/until.ts';
import { changesAtHome } from '../../../recovery/failback/home-changes.ts';
import type { Fencing } from '../../../recovery/run/run.ts';
import type { Repository } from '../../../replication/model/repository.ts';
import type { RestingMachine } from '../../../replication/model/source.ts';
import { pointsOf, type Recovering } from '../open/with-declared.ts';

const lookEvery = 5_000;

/** A machine at home that is put to rest. */
interface AtHome {
  vm: string;
  uuid: string;
  home: RestingMachine;
}

/**
 * Puts the machines of a plan to rest at home: their guests shut down, and a last point is made of each,
 * which holds all that it ever wrote. Nothing is switched off by force. Answers with what was done, for the
 * record. Safe to repeat.
 *
 * @param within milliseconds that the guests have together
 * @throws Failure `source-unknown`, blocked; `shutdown-timeout`; `not-at-rest`, blocked, when one was started
 *   meanwhile; and what a cycle throws
 */
export async function putToRest(
  recovering: Recovering,
  machines: readonly { vm: string; uuid: string }[],
  {
    repository,
    clock,
    within,
    say,
    signal,
  }: { repository: Repository; clock: Clock; within: number; say(line: string): void; signal: AbortSignal },
): Promise<Fencing[]> {
  const done: Fencing[] = [];
  const did = (vm: string, what: Fencing['did']) => done.push({ at: clock.now(), vm, did: what });
  const all = await Promise.all(machines.map(one => atHome(recovering, one)));
  await Promise.all(
    all.map(async ({ vm, home }) => {
      if (!(await home.inspect(signal)).poweredOn) return did(vm, 'was-off');
      say(`${vm}: its guest is asked to shut down`);
      did(vm, 'asked');
      return home.shutDown(signal);
    }),
  );
  await stopped(all, { clock, within, signal });
  for (const { vm } of all) {
    did(vm, 'off');
    say(`${vm} is off; its last point is made`);
    await recovering.replicate(vm);
    did(vm, 'point');
  }
  await expectRest(repository, all, signal);
  for (const { vm } of all) did(vm, 'at-rest');
  return done;
}

/** That nothing was written at home since the newest points. @throws Failure `not-at-rest`, blocked */
async function expectRest(
  repository: Repository,
  all: readonly AtHome[],
  signal: AbortSignal,
): Promise<void> {
  const wrong = await Promise.all(
    all.map(async ({ vm, uuid, home }) => {
      const point = (await (await pointsOf(repository, uuid)).newest())!;
      const changes = [...(await changesAtHome(home, point, signal)).values()];
      const what = changes.flatMap(one =>
        'unknown' in one
          ? [one.unknown]
          : one.areas.length > 0
            ? ['it has written since its last point']
            : [],
      );
      return what[0] === undefined
        ? []
        : [
            blocked('not-at-rest', `${vm} isn't at rest at home: ${what[0]}`, {
              hint: 'leave it off and run again: another point is made; nothing was switched over',
            }),
          ];
    }),
  );
  const against = wrong.flat();
  if (against.length > 0) throw new Failure(against);
}

async function atHome(recovering: Recovering, { vm, uuid }: { vm: string; uuid: string }): Promise<AtHome> {
  const home = await recovering.resting(vm);
  if (home?.uuid === uuid) return { vm, uuid, home };
  throw new Failure(
    blocked(
      'source-unknown',
      `${vm} can't be shut down: ${home ? 'another VM has its name by now' : 'no manifest names the vCenter that it is of'}`,
      {
        hint: 'a planned failover needs home; without it leave --planned out',
      },
    ),
  );
}

async function stopped(
  all: readonly AtHome[],
  { clock, within, signal }: { clock: Clock; within: number; signal: AbortSignal },
): Promise<void> {
  let running: string[] = [];
  const look = async () => {
    const seen = await Promise.all(
      all.map(async ({ vm, home }) => ({ vm, on: (await home.inspect(signal)).poweredOn })),
    );
    running = seen.filter(({ on }) => on).map(({ vm }) => vm);
    return running.length === 0 || undefined;
  };
  try {
    await until(clock, look, { every: lookEvery, atMost: within, what: 'the guests to shut down', signal });
  } catch (error) {
    signal.throwIfAborted();
    if (running.length === 0) throw error;
    throw new Failure(
      world(
        'shutdown-timeout',
        `${running.join(', ')} didn't shut down in ${Math.round(within / 1000)} seconds; nothing was switched over`,
        {
          hint: 'see to it at its console and run again, or give it longer by --shutdown-within; what was shut down stays off',
        },
      ),
      { cause: error },
    );
  }
}
