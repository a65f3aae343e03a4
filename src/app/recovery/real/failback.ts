import { resolve } from 'node:path';
import { blocked, Failure, given, world } from '../../../diagnostics/diagnostic.ts';
import { own } from '../../../diagnostics/own-words.ts';
import type { CatalogResource } from '../../../engine/model/catalog.ts';
import { switchedIn } from '../../../recovery/dns/switch.ts';
import type { Estimate } from '../../../recovery/failback/differences.ts';
import { bringHome, type FailbackOptions, lookAhead } from '../../../recovery/failback/failback.ts';
import { instanceOf } from '../../../recovery/failback/freeze.ts';
import type { PutBack } from '../../../recovery/model/dns.ts';
import type { RestingMachine } from '../../../replication/model/source.ts';
import type { Context } from '../../app-context.ts';
import type { CommonOptions } from '../../options.ts';
import { heldOf } from '../failover-status.ts';
import { declaredAs, repositoryOf, targetProperties, withDeclared } from '../with-declared.ts';

export interface FailbackCommand extends CommonOptions {
  /** A folder that gets what differs from home. */
  to?: string;
  /** Into the disks of the machine at home. */
  toVsphere?: boolean;
  noop?: boolean;
  /** Approved without anybody being asked. */
  yes?: boolean;
}

export interface FailedBack {
  vm: string;
  plan: string;
  /** The failover that it comes home from: its number. */
  number: number;
  instance: string;
  estimate: Estimate;
  to: 'folder' | 'disk';
  /** Why the disks at home can only be written as a whole, and the way out. */
  wholeOnly?: { why: string; hint: string };
  /** Where to, of a folder. */
  directory?: string;
  /** Bytes that were written there; undefined when nothing was. */
  brought?: number;
  /** Home couldn't be told: the next point has to be made with `--rescan`. */
  rescan?: true;
  /** Records of DNS that lead home again, or that somebody has changed. */
  records?: PutBack[];
  /** Names of those that go on leading to EC2 until it is undone. */
  switched: string[];
}

/**
 * Brings a machine that was failed over back home. Undefined when the manifests have mistakes, which were
 * told.
 *
 * @throws Failure `failback-where`, `not-failed-over`, `domain-controller`, `home-in-the-way`,
 *   `not-approved`, `instance-gone`, `readback-differs`
 */
export const failback = (
  context: Context,
  name: string,
  paths: string[],
  options: FailbackCommand,
  { approve }: { approve?(about: FailedBack): Promise<boolean> },
): Promise<FailedBack | undefined> => {
  const { host, interrupt: signal } = context.io;
  if ((options.to === undefined) !== (options.toVsphere === true)) throw noPlace();
  const where =
    options.to === undefined
      ? ({ to: 'disk' } as const)
      : ({ to: 'folder', directory: resolve(host.cwd, options.to), files: host.files } as const);
  return withDeclared(
    context,
    paths,
    options,
    declaredAs('recovery_target', name),
    async (recovering, target) => {
      const vm = target.title;
      const { cloud, clock } = recovering;
      refuseController(target);
      const repository = await recovering.repository(repositoryOf(target));
      const { run, machine } = await heldOf(repository, vm);
      const point = await repository.vm(machine.uuid).point(machine.point);
      if (!point)
        throw new Failure(
          world('missing-object', `the point ${machine.point} that ${vm} was launched from is gone`, {
            hint: `its volumes can still be read in EC2: \`converge failover status ${run.start.plan}\` tells them`,
          }),
        );
      const home = await recovering.resting(vm).catch((error: unknown) => {
        signal.throwIfAborted();
        // Whole disks go into a folder without home, and the reason is said.
        if (where.to === 'disk' || !(error instanceof Failure)) throw error;
        return away(machine.uuid, error);
      });
      const going: FailbackOptions = {
        repository,
        run,
        machine,
        cloud,
        clock,
        point,
        home,
        step: async () => {},
        signal,
      };
      return recovering.alone(async () => {
        const estimate = await lookAhead(going, where.to);
        const { plan, number } = run.start;
        const about: FailedBack = {
          vm,
          plan,
          number,
          instance: (await instanceOf(going)).id,
          estimate,
          to: where.to,
          ...(where.to === 'disk' && home?.wholeOnly && { wholeOnly: home.wholeOnly }),
          ...(where.to === 'folder' && { directory: where.directory }),
          switched: switchedIn(run.steps).map(one => one.name),
        };
        if (options.noop) return about;
        if (!options.yes) {
          if (!approve) throw notApproved(vm);
          if (!(await approve(about))) return about;
        }
        const { bytes: brought, ...rest } = await bringHome(going, where);
        return { ...about, brought, ...rest, switched: switchedIn(run.steps).map(one => one.name) };
      });
    },
  );
};

/** A machine of a home that can't be asked: whatever is asked of it says why. */
function away(uuid: string, error: Failure): RestingMachine {
  const no = () => Promise.reject(error);
  return {
    uuid,
    inspect: no,
    shutDown: no,
    changedSince: no,
    open: no,
    openToWrite: no,
    replace: no,
    endTracking: no,
  };
}

const noPlace = (): Failure =>
  new Failure(
    given('failback-where', 'a machine is brought home to one place', {
      hint: 'name it: --to DIR for a folder, or --to-vsphere for its disks there',
    }),
  );

/**
 * Its others have gone on without it: one that comes back as it was, from an image, hands out what it handed
 * out before.
 */
function refuseController(target: CatalogResource): void {
  if (targetProperties(target).role !== 'domain_controller') return;
  throw new Failure(
    blocked(
      'domain-controller',
      `${target.title} is a domain controller: it is never brought home as an image`,
      {
        at: target.at,
        hint: 'promote a new one at home that replicates from the one in EC2, then demote that one',
      },
    ),
  );
}

const notApproved = (vm: string): Failure =>
  new Failure(
    blocked('not-approved', own`nobody approved that ${vm} is stopped in EC2 and brought home`, {
      hint: 'look at it with --noop, and say --yes',
    }),
  );
