import type { Mutation } from './mutation.ts';

const tests = 'test/recovery/';
const failover = 'src/recovery/failover/';
const failback = 'src/recovery/failback/';
const real = 'src/app/recovery/real/';

const of = (file: string, name: string): Mutation['test'] => [`${tests}${file}.test.ts`, name];
const inTheWay = of('failback', 'home is not written while anything is in the way, and each of it is said');
const swapped = of(
  'swap',
  'in whatever state: no disk of its own beside a shell, no network before its own disks',
);
const named = of('failback-new', 'what has the name at home is gone on with, made anew, or in the way');
const anyOrder = of('history', 'cycles, failovers, tests, clean-ups, kills and throttles in any order');
const otherLicence = of(
  'import',
  'what an import makes under another licence, or firmware, is never launched',
);

/** What keeps readiness, a failover that takes over, and the roles for them from doing harm. */
export const ofTakingOver: readonly Mutation[] = [
  {
    guard: 'a test has no instance profile',
    file: `${failover}rehearse.ts`,
    from: 'const { groups = [run.start.group], profile } = landing ?? {};',
    to: "const { groups = [run.start.group], profile = 'recovered' } = landing ?? {};",
    test: of('shell', 'Windows from a stock shell, root alone: EC2 exchanges it'),
  },
  {
    guard: 'a profile is given last of all',
    file: `${failover}swap.ts`,
    from: '  const isAmong = (group: string)',
    to: "  if (profile !== undefined && instance.profile === undefined) return { ask: 'profile', profile };\n  const isAmong = (group: string)",
    test: of('swap', 'the one next move when it is still in quarantine'),
  },
  {
    guard: 'no disk of its own beside the disk of a shell',
    file: `${failover}swap.ts`,
    from: 'if (stranger) return',
    to: 'if (stranger && false) return',
    test: swapped,
  },
  {
    guard: 'no network before all of its own disks',
    file: `${failover}swap.ts`,
    from: 'isWhole(instance, own) ? finishing(seen, wanted) : exchanging(seen, own)',
    to: 'isWhole(instance, own) || own.length > 1 ? finishing(seen, wanted) : exchanging(seen, own)',
    test: swapped,
  },
  {
    guard: 'a target that is known not to run',
    file: 'src/app/recovery/known-readiness.ts',
    from: "verdict === 'not ready')",
    to: "verdict === 'not ready' && false)",
    test: [
      'test/cli/failover-readiness.test.ts',
      'a machine that is known not to run is refused before anything is begun, unless it is allowed',
    ],
  },
  {
    guard: 'a test of more instances than it may have',
    file: 'src/app/recovery/failover-plan.ts',
    from: 'if (all <= most) return;',
    to: 'if (all > 0) return;',
    test: [
      'test/app/failover-plan.test.ts',
      'a test of more instances than its plan allows is refused, the prober counted',
    ],
  },
  {
    guard: 'a run pins its points before its record',
    file: `${failover}begin.ts`,
    from: "await step('pin');\n  await pin(",
    to: "await step('pin');\n  await (async (..._: Parameters<typeof pin>) => {})(",
    test: of('pins', 'killed before begin, the next one begins the same run'),
  },
  {
    guard: 'a pin that is set right before a snapshot would be removed',
    file: 'src/recovery/replica/build.ts',
    from: 'if (pins.some(({ point: of }) => of === one.point)) continue;',
    to: 'if (pins.length < 0) continue;',
    test: of('bad-days', 'a pin that is set right before a snapshot would be removed keeps it'),
  },
  {
    guard: 'another run has taken over from the VM',
    file: `${failover}take-over.ts`,
    from: 'await suspend(repository, holderOf(run.start), vms, clock.now());',
    to: 'if (vms.length < 0) await suspend(repository, holderOf(run.start), vms, clock.now());',
    test: of('take-over', 'another run has taken over from the VM: nothing is launched'),
  },
  {
    guard: 'nobody makes a point of a VM that is failed over',
    file: 'src/replication/model/pauses.ts',
    from: "all.find(({ vm, why }) => vm === uuid && why === 'failed-over');",
    to: "all.find(({ vm, why }) => vm === uuid && why === 'failed-over' && false);",
    test: [
      'test/replication/cycle/failed-over.test.ts',
      'nobody makes a point of a VM that is failed over, until that is lifted',
    ],
  },
  {
    guard: 'an instance that is billed otherwise gets no disk',
    file: `${failover}launch.ts`,
    from: 'if (!isBilledAs(found, wanted)) throw',
    to: 'if (!isBilledAs(found, wanted) && false) throw',
    test: of(
      'shell',
      'billed otherwise than declared: it stays in quarantine, and none of its disks is made',
    ),
  },
  {
    guard: 'an imported image that is billed otherwise',
    file: `${failover}image-of.ts`,
    from: 'if (seen && !isBilledAs(seen, wanted))',
    to: 'if (seen && !isBilledAs(seen, wanted) && false)',
    test: otherLicence,
  },
  {
    guard: 'an imported image with another firmware',
    file: `${failover}image-of.ts`,
    from: 'if (seen && seen.bootMode !== boot_mode)',
    to: 'if (seen && seen.bootMode !== boot_mode && false)',
    test: otherLicence,
  },
  {
    guard: 'a run whose time is over',
    file: `${failover}teardown.ts`,
    from: 'if (clock.now() >= at) throw expired(run, at);',
    to: 'if (clock.now() < 0) throw expired(run, at);',
    test: of('teardown', 'a run whose time is over launches nothing'),
  },
  {
    guard: 'a security group of that name that is somebody else’s',
    file: 'src/recovery/target/guard-groups.ts',
    from: 'if (found && !isOurs(found, wanted.tags)) throw',
    to: 'if (found && !isOurs(found, wanted.tags) && false) throw',
    test: of(
      'guard-groups',
      'a group of its name that lacks the tag, or any of it, is neither used nor changed',
    ),
  },
  {
    guard: 'a line of a prober with another nonce, or torn',
    file: 'src/values/marked-lines.ts',
    from: 'if (of !== nonce || json === undefined || sum !== sumOf(nonce, json)) return [];',
    to: 'if (json === undefined) return [];',
    test: of('prober-inside', 'a line that is torn, of another nonce, or of no probe counts for nothing'),
  },
  {
    guard: 'only whole sets of snapshots count among those that are kept',
    file: 'src/recovery/cover/cover.ts',
    from: 'const whole = sets.filter(set => isWhole(set, machine));',
    to: 'const whole = sets;',
    test: of('cover', 'what lives in AWS is covered on time'),
  },
  {
    guard: 'no name leads to a run that somebody undoes',
    file: `${failover}take-over.ts`,
    from: "if (state !== 'undoing' && state !== 'cleaned') return;",
    to: 'if (state) return;',
    test: of(
      'dns',
      'a probe that failed: no name leads there; undone by somebody else meanwhile: nor does any',
    ),
  },
  {
    guard: 'a planned failover begins from machines that have come to rest',
    file: `${real}planned.ts`,
    from: 'if (against.length > 0) throw new Failure(against);',
    to: 'if (against.length < 0) throw new Failure(against);',
    test: of('planned', 'written by somebody after its last point'),
  },
  {
    guard: 'an operator ends what has the tag of a run',
    file: 'policies/operator.json',
    from: '"arn:aws:ec2:REGION::image/*"\n      ],\n      "Condition": {\n        "StringLike": {\n          "aws:ResourceTag/converge:run": "?*"',
    to: '"arn:aws:ec2:REGION::image/*"\n      ],\n      "Condition": {\n        "StringLike": {\n          "aws:RequestedRegion": "?*"',
    test: of('policies', 'an operator rehearses and cleans up, and touches nothing without the tag of a run'),
  },
  {
    guard: 'a pruner removes snapshots that have the tag of a repository',
    file: 'policies/pruner.json',
    from: '"aws:ResourceTag/converge:repository": "?*"',
    to: '"aws:RequestedRegion": "?*"',
    test: of('policies', 'a pruner leaves a snapshot alone that has no tag of a repository'),
  },
  {
    guard: 'a writer removes nothing',
    file: 'policies/writer.json',
    from: '"s3:GetObject", ',
    to: '"s3:DeleteObject", "s3:GetObject", ',
    test: of('policies', 'a writer makes points and replicas and removes none of either'),
  },
  // The same where anything happens in any order, so that its oracle is seen to notice.
  {
    guard: 'in any order: a foreign volume',
    file: 'src/recovery/failover/standing.ts',
    from: "volumes.filter(one => uuids.has(one.tags[VM_TAG] ?? ''))",
    to: 'volumes',
    test: anyOrder,
  },
  {
    guard: 'in any order: a run pins its points',
    file: 'src/recovery/replica/build.ts',
    from: 'if (pins.some(({ point: of }) => of === one.point)) continue;',
    to: 'if (pins.length < 0) continue;',
    test: anyOrder,
  },
];

/** What keeps the way home from doing harm. */
export const ofFailback: readonly Mutation[] = [
  {
    guard: 'what was written at home is read back and compared',
    file: `${failback}write-home.ts`,
    from: 'if (found !== written.sha256)',
    to: 'if (found !== written.sha256 && found.length < 0)',
    test: of('failback', 'into ranges, where home keeps something else than was written'),
  },
  {
    guard: 'home runs while it would be written',
    file: `${failback}write-home.ts`,
    from: "if (now?.poweredOn) wrong('it runs', 'shut it down');",
    to: '',
    test: inTheWay,
  },
  {
    guard: 'home has snapshots',
    file: `${failback}write-home.ts`,
    from: 'if (now && now.snapshots.length > 0)',
    to: 'if (now && now.snapshots.length < 0)',
    test: inTheWay,
  },
  {
    guard: 'a disk at home that has another size',
    file: `${failback}write-home.ts`,
    from: 'there.capacity !== disk.bytes',
    to: 'there.capacity < 0',
    test: inTheWay,
  },
  {
    guard: 'change tracking of home ends before it is written',
    file: `${failback}write-home.ts`,
    from: 'await home.endTracking(signal);',
    to: '',
    test: of('failback', 'into the disks at home: tracking ends first'),
  },
  {
    guard: 'what home wrote after the point is brought back, too',
    file: `${failback}differences.ts`,
    from: 'if (atHome.length === 0) return within(disk, changed);',
    to: 'if (atHome.length >= 0) return within(disk, changed);',
    test: of('failback', 'a home that ran on after the point: what it wrote goes, too'),
  },
  {
    guard: 'change tracking that was reset says nothing',
    file: `${failback}home-changes.ts`,
    from: "return { unknown: 'its change tracking was reset since the point was made' };",
    to: 'return { areas };',
    test: of('failback', 'change tracking that was reset: whole disks are taken, whatever home has'),
  },
  {
    guard: 'a VM at home that has the name of the new one',
    file: `${failback}new-machine.ts`,
    from: 'const isOurs = there.mark === machine.mark;',
    to: 'const isOurs = machine.mark.length > 0;',
    test: named,
  },
  {
    guard: 'a new VM that somebody started before it was compared',
    file: `${failback}new-machine.ts`,
    from: 'if (isOurs && !there.poweredOn)',
    to: 'if (isOurs)',
    test: named,
  },
];
