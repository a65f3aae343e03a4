import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { changeLab, type FaultyService } from '../../../app/lab/lab-world.ts';
import { defaultLabDir } from '../../../app/lab/open-lab.ts';
import { readSecretFrom } from '../../../app/session/read-secret.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import { parseDuration } from '../../../io/duration.ts';
import type { Define } from '../../context/define.ts';
import type { DefineEvent } from './define-event.ts';
import { parseIndex, parseSize } from './disk-words.ts';
import { labBoot } from './lab-boot.ts';
import { labContracts } from './lab-contracts.ts';
import { labEc2 } from './lab-ec2.ts';
import { labInstance } from './lab-instance.ts';
import { labInstances } from './lab-instances.ts';
import { labMachines } from './lab-machines.ts';
import { labServe } from './lab-serve.ts';
import { labWindows } from './lab-windows.ts';

const collect = (value: string, before: string[] = []) => [...before, value];

/** `converge lab …`: makes the events of the lab's world happen. */
export const lab: Define = (program, context, exit) => {
  const group = program
    .command('lab')
    .description('the embedded stand-ins for vSphere, AWS and a Windows host, and their world')
    .addHelpText(
      'after',
      `
Examples:
  converge lab show                     which VMs the lab in .converge/lab has
  converge lab add-vm web01 --blank 64MiB
  converge lab serve --lab /tmp/lab     keep it open for many commands

Any other command works in a lab with --lab [DIR].`,
    );

  const event: DefineEvent = (usage, description, examples, build, extend = command => command) =>
    extend(group.command(usage).description(description))
      .option('--lab [DIR]', `the lab's folder (default ${defaultLabDir})`)
      .addHelpText(
        'after',
        `\nExample${examples.includes('\n') ? 's' : ''}:\n${examples.replace(/^/gm, '  converge lab ')}`,
      )
      .action(async (...given: unknown[]) => {
        const command = given.at(-1) as Command;
        const options = command.opts();
        const json = options.format === 'json';
        const built = await build(command.args, options);
        const answer = await changeLab(context, options.lab as string | true | undefined, built);
        if (json) context.printJson(`${JSON.stringify(answer.data, null, 2)}\n`);
        else context.print(answer.lines);
        exit(0);
      });

  event(
    'add-vm <NAME>',
    'add a VM with the given disks',
    'add-vm web01 --blank 64MiB --blank 1GiB\nadd-vm dc02 --disk dc02.raw --lab /tmp/lab',
    ([name], options) => ({
      do: 'add-vm',
      name: name!,
      disks: [
        ...((options.disk as string[] | undefined) ?? []).map(path => ({
          image: resolve(context.io.host.cwd, path),
        })),
        ...((options.blank as string[] | undefined) ?? []).map(size => ({ bytes: parseSize(size) })),
      ],
      ...(options.uuid !== undefined && { uuid: options.uuid as string }),
      ...(options.folder !== undefined && { folder: options.folder as string }),
      ...(options.tag !== undefined && { tags: options.tag as string[] }),
      hardware: {
        ...(options.guest !== undefined && { guestId: options.guest as string }),
        ...(options.firmware !== undefined && { firmware: options.firmware as 'bios' | 'efi' }),
        ...(options.secureBoot === true && { secureBoot: true }),
        ...(options.vtpm === true && { vtpm: true }),
      },
      ...(options.force === true && { force: true }),
    }),
    command =>
      command
        .option('--disk <IMAGE>', 'a disk with the content of this raw image; may be repeated', collect)
        .option('--blank <SIZE>', 'an empty disk, e.g. 64MiB; may be repeated', collect)
        .option('--uuid <UUID>', 'its instance UUID')
        .option('--folder <FOLDER>', 'where it is below the VM folder, e.g. Production/web')
        .option('--tag <TAG>', 'a tag, gold or tier/gold; may be repeated', collect)
        .option('--guest <ID>', "its guest's identifier in vSphere, e.g. debian12_64Guest")
        .addOption(new Option('--firmware <KIND>', 'what starts it').choices(['bios', 'efi']))
        .option('--secure-boot', 'its firmware starts signed loaders only')
        .option('--vtpm', 'it has a virtual TPM')
        .option('--force', 'though there is a VM of that name already: a second one'),
  );
  event('remove-vm <VM>', 'delete a VM with its disks', 'remove-vm web01', ([vm]) => ({
    do: 'remove-vm',
    vm: vm!,
  }));
  event(
    'move-vm <VM> <FOLDER>',
    'move a VM to another folder below the VM folder, / for that itself',
    'move-vm web01 Production/web\nmove-vm web01 /',
    words => ({
      do: 'move-vm',
      vm: words[0]!,
      folder: words[1]!.replace(/^\/+$/, ''),
    }),
  );
  event('tag <VM> <TAG>', 'attach a tag to a VM, gold or tier/gold', 'tag web01 tier/gold', ([vm, tag]) => ({
    do: 'tag',
    vm: vm!,
    tag: tag!,
  }));
  event('untag <VM> <TAG>', 'take a tag off a VM', 'untag web01 tier/gold', ([vm, tag]) => ({
    do: 'untag',
    vm: vm!,
    tag: tag!,
  }));
  event(
    'set-disk <VM> <INDEX> <IMAGE>',
    "make a VM's disk equal to a raw image, marking what differs",
    'set-disk dc02 0 changed.raw',
    ([vm, index, image]) => ({
      do: 'set-disk',
      vm: vm!,
      index: parseIndex(index!),
      image: resolve(context.io.host.cwd, image!),
    }),
  );
  event(
    'add-snapshot <VM> <NAME>',
    "take somebody else's snapshot",
    'add-snapshot dc02 nightly',
    ([vm, name]) => ({
      do: 'add-snapshot',
      vm: vm!,
      name: name!,
    }),
  );
  event('remove-snapshot <VM> <NAME>', 'remove a snapshot', 'remove-snapshot dc02 nightly', ([vm, name]) => ({
    do: 'remove-snapshot',
    vm: vm!,
    name: name!,
  }));
  labMachines(context.io.host.cwd, event);
  event('reset-cbt <VM>', 'reset change tracking', 'reset-cbt dc02', ([vm]) => ({
    do: 'reset-cbt',
    vm: vm!,
  }));
  event('power-cut <VM>', 'cut the power: change tracking becomes invalid', 'power-cut dc02', ([vm]) => ({
    do: 'power-cut',
    vm: vm!,
  }));
  for (const on of [true, false]) {
    const name = on ? 'power-on' : 'power-off';
    event(`${name} <VM>`, `switch a VM ${on ? 'on' : 'off'}`, `${name} dc02`, ([vm]) => ({
      do: 'power',
      vm: vm!,
      on,
    }));
  }
  event(
    'foreign-bucket <NAME>',
    'let somebody else own a bucket of this name',
    'foreign-bucket gdh-vm-replication',
    ([name]) => ({
      do: 'foreign-bucket',
      name: name!,
    }),
  );
  event(
    'show',
    'list the VMs and EC2 instances, and what the Windows host is told',
    'show --lab /tmp/lab',
    () => ({
      do: 'show',
    }),
  );
  event(
    'site-content <HOST> <DIR>',
    'let a web host answer with the files of a folder, as they are now',
    'site-content downloads.example.com ./downloads',
    ([host, folder]) => ({
      do: 'site-content',
      host: host!,
      folder: resolve(context.io.host.cwd, folder!),
    }),
  );
  event(
    'bucket-content <BUCKET> <DIR>',
    'put the files of a folder into a bucket, which is made when it is not there',
    'bucket-content cust-deployment-data ./content',
    ([bucket, folder]) => ({
      do: 'bucket-content',
      bucket: bucket!,
      folder: resolve(context.io.host.cwd, folder!),
    }),
  );
  event(
    'put-secret <REFERENCE>',
    'store a secret: ssm:NAME or secretsmanager:NAME',
    'put-secret secretsmanager:shop/db --from file:db.json',
    async ([reference], options) => ({
      do: 'put-secret',
      reference: reference!,
      value: await readSecretFrom(options.from as string, context),
    }),
    command =>
      command.requiredOption('--from <SOURCE>', 'where its value is: env:NAME, file:PATH or credential:NAME'),
  );
  labInstance(context, event);
  labInstances(event);
  labEc2(context, event);
  labWindows(event);
  event(
    'clock <AHEAD>',
    "set how far the lab's clock is ahead, e.g. 20m; 0s is this machine's time",
    'clock 20m',
    ([ahead]) => {
      const offset = parseDuration(ahead!);
      if (offset === undefined)
        throw new Failure(
          given('bad-duration', `${ahead} is not a duration`, { hint: 'write it like 20m or 2h' }),
        );
      return { do: 'clock', offset };
    },
  );
  event(
    'fault <KIND>',
    'arm a fault, which waits for the next call that it is for',
    "fault slow-down --on s3 --times 3 --set method=PUT --set 'key=*/packs/*'\nfault quiesce-fails --on vsphere",
    ([kind], options) => ({
      do: 'fault',
      on: options.on as FaultyService | 'windows',
      rule: {
        kind,
        ...(options.times !== undefined && { times: Number(options.times) }),
        ...parsePairs(options.set as string[] | undefined),
      },
    }),
    command =>
      command
        .addOption(
          new Option('--on <SERVICE>', 'which stand-in')
            .choices(['s3', 'vsphere', 'windows', 'secrets', 'ec2', 'ebs'])
            .makeOptionMandatory(),
        )
        .option('--times <N>', 'how often (default 1)')
        .option('--set <KEY=VALUE>', "a detail of the rule, e.g. key='packs/*'; may be repeated", collect)
        .addHelpText(
          'after',
          `
Kinds on s3: slow-down, internal-error, reset, lost-answer, latency (ms); all take method, bucket and key (globs); clear.
Kinds on vsphere: expire-sessions, unavailable, quiesce-fails, fail-query (fault), cbt-lies, page-limit (areas),
page-span (bytes), slow-task (ms, method), lost-task (method), fail-task (method, fault), consolidation-needed,
read (how: truncated, garbled, short, whole, error), no-flat-files, missing-privilege (privilege),
free-space (bytes), host-build (version, build), clock-ahead (ms), vm-away (state: disconnected, inaccessible,
orphaned or invalid), datastore-away, clear.
Kinds on secrets: throttled, internal-error, access-denied, kms-denied, reset; all take operation (GetParameter ...); clear.
Kinds on ec2: throttled, internal-error, access-denied, reset, lost-answer; all take operation (DescribeInstances ...);
capacity (type, zone), import-fails (message), replace-fails (state: failed or failed-detached), snapshot-fails, clear.
Kinds on ebs: the first five of ec2 (PutSnapshotBlock ...), snapshot-fails, clear.
Kinds on windows: exit (program, code), access-denied (program), missing (program), commit-conflict.`,
        ),
  );
  labServe(group, context, exit);
  labBoot(group, context, exit);
  labContracts(group, context, exit);
};

function parsePairs(pairs: string[] = []): Record<string, string | number> {
  return Object.fromEntries(
    pairs.map(pair => {
      const at = pair.indexOf('=');
      if (at < 1) throw new Failure(given('bad-pair', `${pair} is not KEY=VALUE`));
      const value = pair.slice(at + 1);
      return [pair.slice(0, at), /^\d+$/.test(value) ? Number(value) : value];
    }),
  );
}
