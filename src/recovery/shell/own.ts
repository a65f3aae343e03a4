import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { Clock } from '../../io/ports.ts';
import type { MachineRecord } from '../../replication/model/machine.ts';
import { sha256 } from '../../values/digest.ts';
import { importedImage } from '../import/import-image.ts';
import type { RecoveryCloud } from '../model/clients.ts';
import type { CloudImage, MachineCloud } from '../model/machines.ts';
import { billingOf, isBilledAs, type License, sayBilling } from '../target/billing.ts';
import { bootModeOf } from '../target/sizing.ts';

/** What a shell is of. Another system, firmware or licence needs another shell. */
export interface ShellOf {
  repository: string;
  /** UUID. */
  vm: string;
  machine: Pick<MachineRecord, 'guest_id' | 'firmware' | 'vtpm'>;
  license: License;
}

/** On a shell's image: all that it is known by. */
const vmTags = ({ repository, vm }: ShellOf) => ({
  'converge:repository': repository,
  'converge:shell-of': vm,
});
export const shellTags = (of: ShellOf): Record<string, string> => ({
  ...vmTags(of),
  'converge:shell-guest': of.machine.guest_id,
  'converge:shell-firmware': of.machine.firmware,
  'converge:license': of.license,
});

/** The image that was imported of a VM for just this; undefined when there is none that can be used. */
export async function findShell(
  machines: MachineCloud,
  of: ShellOf,
  signal?: AbortSignal,
): Promise<CloudImage | undefined> {
  const found = await machines.images(shellTags(of), signal);
  return found
    .filter(image => image.state === 'available' && whyNot(image, of) === undefined)
    .sort((a, b) => b.created - a.created)[0];
}

export interface MakeShell {
  of: ShellOf;
  /** Name of the VM. */
  name: string;
  /** Of the disk that it boots from. */
  snapshot: string;
  cloud: Pick<RecoveryCloud, 'machines' | 'shells' | 'imports'>;
  clock: Clock;
  /** Awaited before each durable side effect. */
  step(name: string): Promise<void>;
  say?(line: string): void;
  signal?: AbortSignal;
}

/**
 * Sees to the shell of a VM: what fits is kept, else one is imported of its root disk, and those that were of
 * another system, firmware or licence are removed. An import that was interrupted is gone on with, by its
 * token.
 *
 * @throws Failure `import-failed`, `license-mismatch`, `shell-boot-mode`
 */
export async function makeShell(options: MakeShell): Promise<{ image: string; made: boolean }> {
  const { of, cloud, step, signal } = options;
  const known = await findShell(cloud.machines, of, signal);
  const image = known?.id ?? (await importOf(options));
  for (const { id } of await cloud.machines.images(vmTags(of), signal)) {
    if (id === image) continue;
    await step('remove-shell');
    await cloud.shells.remove(id, signal);
  }
  return { image, made: known === undefined };
}

async function importOf({ of, name, snapshot, cloud, clock, step, say, signal }: MakeShell): Promise<string> {
  const { shells, imports } = cloud;
  const tags = shellTags(of);
  await step('import-shell');
  const task = await imports.start(
    {
      disks: [{ snapshot }],
      platform: 'Windows',
      bootMode: bootModeOf(of.machine),
      license: of.license === 'aws' ? 'AWS' : 'BYOL',
      description: `${name}: shell`,
      // Another point is another attempt: one that failed fails again under its token.
      token: sha256(JSON.stringify([tags, snapshot])),
      tags,
    },
    signal,
  );
  const image = await importedImage({
    task,
    name,
    imports,
    clock,
    wayOut: 'correct it in the VM, make a new point, and replicate again',
    ...(say && { say }),
    ...(signal && { signal }),
  });
  const made = await shells.image(image, signal);
  const why = made ? whyNot(made, of) : undefined;
  if (why) throw why;
  await step('tag-shell');
  await shells.tag(image, { ...tags, Name: `${name}: shell` }, signal);
  return image;
}

function whyNot(image: CloudImage, { machine, license }: ShellOf): Failure | undefined {
  const wanted = billingOf(license);
  const hint = 'deregister it and replicate again';
  if (!isBilledAs(image, wanted))
    return new Failure(
      world(
        'license-mismatch',
        `EC2 bills the image ${image.id} as ${sayBilling(image)}, not as ${sayBilling(wanted)}`,
        { hint },
      ),
    );
  if (image.bootMode === bootModeOf(machine)) return undefined;
  return new Failure(
    world('shell-boot-mode', `the image ${image.id} starts with ${image.bootMode}`, { hint }),
  );
}
