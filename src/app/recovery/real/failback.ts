import { resolve } from 'node:path';
import { blocked, Failure, failedWith, given, world } from '../../../diagnostics/diagnostic.ts';
import { own } from '../../../diagnostics/own-words.ts';
import type { CatalogResource } from '../../../engine/model/catalog.ts';
import { switchedIn } from '../../../recovery/dns/switch.ts';
import type { Stranger } from '../../../recovery/failback/attached.ts';
import type { Estimate } from '../../../recovery/failback/differences.ts';
import {
  bringHome,
  type Destination,
  type FailbackOptions,
  lookAhead,
  newWords,
} from '../../../recovery/failback/failback.ts';
import { instanceOf } from '../../../recovery/failback/freeze.ts';
import type { PutBack } from '../../../recovery/model/dns.ts';
import type { RestingMachine } from '../../../replication/model/source.ts';
import type { Context } from '../../app-context.ts';
import { type Approval, isApproved } from '../../approval.ts';
import type { CommonOptions } from '../../options.ts';
import { heldOf } from '../failover-status.ts';
import { requireTargets } from '../known-readiness.ts';
import {
  declaredAs,
  type Recovering,
  repositoryOf,
  targetProperties,
  withDeclared,
} from '../open/with-declared.ts';
import { type NewVmOptions, refuseFull, refuseStrayPlaces, withNewVm } from './new-vm.ts';

export interface FailbackCommand extends CommonOptions, NewVmOptions {
  /** A folder that gets what differs from home. */
  to?: string;
  /** Into the disks of the machine at home. */
  toVsphere?: boolean;
  noop?: boolean;
  /** Addresses: of the target of one whose volumes of EC2 may be left there. */
  allow?: string[];
}

export interface FailedBack {
  vm: string;
  plan: string;
  /** The failover that it comes home from: its number. */
  number: number;
  instance: string;
  estimate: Estimate;
  /** Volumes that were attached in EC2, and stay there. */
  left: Stranger[];
  to: 'folder' | 'disk' | 'new-vm';
  /** Of a new machine: its name, where it goes, and what isn't as it was. */
  as?: { name: string; place: string; remarks: string[] };
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
 *   `new-vm-place`, `new-vm-there`, `volume-left-out`, `failback-folder`, `nothing-allowed`, `not-approved`,
 *   `instance-gone`, `instance-started`, `readback-differs`
 */
export const failback = (
  context: Context,
  name: string,
  paths: string[],
  options: FailbackCommand,
  { approval }: { approval: Approval<FailedBack> },
): Promise<FailedBack | undefined> => {
  const { host, interrupt: signal } = context.io;
  const { to, toVsphere, asNew } = options;
  if ([to, toVsphere, asNew].filter(one => one !== undefined).length !== 1) throw noPlace();
  refuseStrayPlaces(options);
  return withDeclared(
    context,
    paths,
    options,
    declaredAs('recovery_target', name),
    async (recovering, target) => {
      const vm = target.title;
      const { cloud, clock } = recovering;
      refuseController(target);
      requireTargets([name], options.allow ?? [], recovering.catalog);
      const repository = await recovering.repository(repositoryOf(target));
      const { run, machine } = await heldOf(repository, vm);
      const point = await repository.vm(machine.uuid).point(machine.point);
      if (!point)
        throw new Failure(
          world('missing-object', `the point ${machine.point} that ${vm} was launched from is gone`, {
            hint: `its volumes can still be read in EC2: \`converge failover status ${run.start.plan} PATHS\` tells them`,
          }),
        );
      const home = await recovering.resting(vm).catch((error: unknown) => {
        signal.throwIfAborted();
        // Whole disks go into a folder or a new machine without home, and the reason is said.
        if (toVsphere && failedWith(error, 'vm-not-found')) throw homeGone(vm, error);
        if (toVsphere || !(error instanceof Failure)) throw error;
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
        mayLeave: options.allow?.includes(target.address) ?? false,
        step: async () => {},
        signal,
      };
      return recovering.alone(() =>
        withDestination(
          async where => {
            const { left, ...estimate } = await lookAhead(going, where);
            if (where.to === 'new-vm')
              await refuseFull(where.newly, Math.max(...estimate.disks.map(disk => disk.bytes)));
            const { plan, number } = run.start;
            const about: FailedBack = {
              vm,
              plan,
              number,
              instance: (await instanceOf(going)).id,
              estimate,
              left,
              to: where.to,
              ...(where.to === 'disk' && home?.wholeOnly && { wholeOnly: home.wholeOnly }),
              ...(where.to === 'folder' && { directory: where.directory }),
              ...(where.to === 'new-vm' && { as: await newWords(going, where.newly) }),
              switched: switchedIn(run.steps).map(one => one.name),
            };
            if (options.noop) return about;
            if (!(await isApproved(approval, about, () => notApproved(vm)))) return about;
            const { bytes: brought, ...rest } = await bringHome(going, where);
            return { ...about, brought, ...rest, switched: switchedIn(run.steps).map(one => one.name) };
          },
          recovering,
          vm,
        ),
      );
    },
  );

  async function withDestination<T>(
    use: (where: Destination) => Promise<T>,
    recovering: Recovering,
    vm: string,
  ): Promise<T> {
    if (to !== undefined) return use({ to: 'folder', directory: resolve(host.cwd, to), files: host.files });
    if (asNew === undefined) return use({ to: 'disk' });
    const maker = await recovering.maker(vm);
    if (!maker) throw noVcenter(vm);
    return withNewVm(context, asNew, options, maker, newly => use({ to: 'new-vm', newly }));
  }
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
      hint: 'name it: --to DIR for a folder, --to-vsphere for its disks there, or --as-new NAME for another VM',
    }),
  );

const homeGone = (vm: string, cause: unknown): Failure =>
  new Failure(
    blocked('home-in-the-way', own`${vm} is not in vSphere any more, so that it has no disks to be written`, {
      hint: own`make another VM of it with --as-new ${vm}, or bring it into a folder with --to DIR`,
    }),
    { cause },
  );

const noVcenter = (vm: string): Failure =>
  new Failure(
    blocked('home-in-the-way', `no manifest names the vCenter that ${vm} is to be made in`, {
      hint: 'declare its `protected_vm`, or use --to DIR',
    }),
  );

/**
 * Its others have gone on without it: one that comes back as it was, from an image, hands out what it handed
 * out before.
 *
 * @throws Failure `domain-controller`, blocked
 */
export function refuseController(target: CatalogResource): void {
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
