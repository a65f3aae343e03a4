import { resolve } from 'node:path';
import { blocked, Failure, given, world } from '../../../diagnostics/diagnostic.ts';
import { own } from '../../../diagnostics/own-words.ts';
import type { CatalogResource } from '../../../engine/model/catalog.ts';
import type { Estimate } from '../../../recovery/failback/differences.ts';
import { bringHome, type FailbackOptions, lookAhead } from '../../../recovery/failback/failback.ts';
import { instanceOf } from '../../../recovery/failback/freeze.ts';
import { ready } from '../../../recovery/failback/write-home.ts';
import { newestRun, stateOf } from '../../../recovery/failover/run.ts';
import { pausesIn, planOfHolder } from '../../../replication/model/pauses.ts';
import type { Repository } from '../../../replication/model/repository.ts';
import type { Context } from '../../app-context.ts';
import type { CommonOptions } from '../../options.ts';
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
  /** What is written at home, in all: whole disks where it goes into those. */
  writes: number;
  to: 'folder' | 'disk';
  /** Where to, of a folder. */
  directory?: string;
  /** Bytes that were written there; undefined when nothing was. */
  brought?: number;
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
      const home = await recovering.resting(vm);
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
      if (where.to === 'disk') await ready({ home, point, signal });
      return recovering.alone(async () => {
        const estimate = await lookAhead(going);
        const { plan, number } = run.start;
        const about: FailedBack = {
          vm,
          plan,
          number,
          instance: (await instanceOf(going)).id,
          estimate,
          writes:
            where.to === 'disk' ? point.disks.reduce((sum, disk) => sum + disk.bytes, 0) : estimate.bytes,
          to: where.to,
          ...(where.to === 'folder' && { directory: where.directory }),
        };
        if (options.noop) return about;
        if (!options.yes) {
          if (!approve) throw notApproved(vm);
          if (!(await approve(about))) return about;
        }
        return { ...about, brought: await bringHome(going, where) };
      });
    },
  );
};

const noPlace = (): Failure =>
  new Failure(
    given('failback-where', 'a machine is brought home to one place', {
      hint: 'name it: --to DIR for a folder, or --to-vsphere for its disks there',
    }),
  );

/** The run that holds a VM, and the machine that it is in it. @throws Failure `not-failed-over` */
async function heldOf(repository: Repository, vm: string) {
  const wanted = vm.toLowerCase();
  for (const { why, by } of await pausesIn(repository)) {
    if (why !== 'failed-over' || by === undefined) continue;
    const run = await newestRun(repository, planOfHolder(by));
    const machine = run?.start.groups
      .flatMap(({ machines }) => machines)
      .find(one => one.vm.toLowerCase() === wanted);
    if (!run || !machine || `${run.start.plan}/${run.start.number}` !== by) continue;
    const state = stateOf(run);
    if (state === 'standing' || state === 'committed') return { run, machine };
    const { plan, number } = run.start;
    throw new Failure(
      blocked(
        'failover-standing',
        `failover ${number} of ${plan} ${state === 'running' ? 'has not launched all of its machines' : 'is being undone'}`,
        { hint: 'end that first: `converge failover status` tells how far it is' },
      ),
    );
  }
  throw new Failure(
    world('not-failed-over', `no failover holds ${vm}: it isn't in EC2 in the place of a machine at home`, {
      hint: '`converge status` tells which are failed over',
    }),
  );
}

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
