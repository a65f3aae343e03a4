import { Failure, failedWith, world } from '../../diagnostics/diagnostic.ts';
import { importedImage } from '../import/import-image.ts';
import { imagePlace, imagesPlace } from '../import/imported.ts';
import { uploadDisk } from '../import/upload-disk.ts';
import type { ImportedDisk } from '../model/imports.ts';
import { note } from '../run/keep.ts';
import { derivedToken, imageName } from '../run/names.ts';
import { kindOf, type RunMachine } from '../run/run.ts';
import { billingOf, isBilledAs, sayBilling } from '../target/billing.ts';
import { wordsOf } from '../target/sizing.ts';
import { type RehearseOptions, settled } from './options.ts';

/**
 * The image that a machine without a shell is launched from, made once whoever asks: registered of its own
 * disks, or imported.
 *
 * @throws Failure `image-name-taken`, `machine-not-launched`; `import-failed`, `import-role`, `image-size`,
 *   `license-mismatch`, `shell-boot-mode`
 */
export const imageOf = (
  machine: RunMachine,
  tags: Record<string, string>,
  options: RehearseOptions,
): Promise<string> =>
  machine.imported ? imported(machine, tags, options) : registered(machine, tags, options);

async function registered(
  machine: RunMachine,
  tags: Record<string, string>,
  options: RehearseOptions,
): Promise<string> {
  const { repository, run, cloud, step, signal } = options;
  const { machines } = cloud;
  const name = imageName(repository.id, run.start, machine.vm);
  const find = async () => (await machines.images(tags, signal)).find(one => one.name === name);
  let image = options.begunHere ? undefined : (await find())?.id;
  const isNew = image === undefined;
  if (isNew) {
    await step(`register-${machine.vm}`);
    image = await machines.registerImage(
      {
        name,
        bootMode: machine.boot_mode,
        tpm: machine.tpm,
        endsWithIt: !machine.landing,
        disks: machine.disks.map(({ snapshot }, n) => ({ device: deviceName(n), snapshot: snapshot! })),
        tags,
      },
      signal,
    );
    image ??= (await find())?.id;
  }
  if (image === undefined)
    throw new Failure(
      world('image-name-taken', `there is an image called ${name} that isn't of this ${kindOf(run.start)}`, {
        hint: 'deregister it in EC2 if nobody needs it, then run again',
      }),
    );
  await settled(options, `the image of ${machine.vm}`, isNew, async () => {
    const found = await find();
    if (!found || found.state === 'pending') return 'not yet';
    if (found.state !== 'available') return `it is ${found.state}`;
    // What it is billed as comes from the snapshot: anything but plain Linux is a bill nobody asked for.
    const wanted = billingOf(undefined);
    return isBilledAs(found, wanted) ? 'yes' : `EC2 bills it as ${sayBilling(found)}`;
  });
  return image;
}

/** `/dev/sda1` is the root. Source: EC2 user guide, "Device names for volumes": f to p are for data. */
export const deviceName = (n: number): string =>
  n === 0 ? '/dev/sda1' : `/dev/sd${String.fromCharCode('f'.charCodeAt(0) + n - 1)}`;
/** So many disks have a device name of that form, the root among them. */
export const mostDisks = 12;

/** Each try at an import has a token of its own: one that failed fails again under its token. */
async function imported(
  machine: RunMachine,
  tags: Record<string, string>,
  { repository, run, cloud, clock, step, say, signal }: RehearseOptions,
): Promise<string> {
  const { shells, imports } = cloud;
  const { start, steps } = run;
  const { vm, boot_mode, imported } = machine;
  const { by, license, role } = imported!;
  const own = steps.filter(one => 'vm' in one && one.vm === vm);
  const before = own.findLast(one => one.what === 'imported');
  if (before && (await shells.image(before.image, signal))?.state === 'available') return before.image;
  const tries = own.filter(({ what }) => what === 'imported' || what === 'import-failed').length;

  const disks: ImportedDisk[] =
    by === 'raw'
      ? await uploaded(machine, {
          repository,
          run,
          cloud,
          step,
          ...(say && { say }),
          ...(signal && { signal }),
        })
      : machine.disks.map(({ snapshot }) => ({ snapshot: snapshot! }));
  await step(`import-${vm}`);
  const task = await imports.start(
    {
      disks,
      platform: license ? 'Windows' : 'Linux',
      bootMode: boot_mode,
      ...(license && { license: license === 'aws' ? 'AWS' : 'BYOL' }),
      ...(role !== undefined && { role }),
      description: `${vm}: ${kindOf(start)} of ${start.plan}`,
      token: derivedToken(repository.id, start, vm, 0, `import ${tries}`),
      tags,
    },
    signal,
  );
  if (!own.some(one => one.what === 'importing' && one.task === task)) {
    await step(`importing-${vm}`);
    await note(repository, run, { at: clock.now(), what: 'importing', vm, task });
  }
  const wayOut =
    'correct it in the VM and make a new point, or run again to import once more; `converge failover cleanup PLAN PATHS` removes what there is';
  const watched = { task, name: vm, imports, clock, wayOut, ...(say && { say }), ...(signal && { signal }) };
  const image = await importedImage(watched).catch(async (error: unknown) => {
    if (failedWith(error, 'import-failed')) {
      await step(`import-failed-${vm}`);
      const why = (error as Failure).message;
      await note(repository, run, { at: clock.now(), what: 'import-failed', vm, task, why });
    }
    throw error;
  });
  await step(`tag-${vm}`);
  await shells.tag(image, { ...tags, Name: `${vm} (${kindOf(start)} of ${start.plan})` }, signal);
  const seen = await shells.image(image, signal);
  const wanted = billingOf(license);
  if (seen && !isBilledAs(seen, wanted))
    throw new Failure(
      world(
        'license-mismatch',
        `EC2 bills the image ${image} that was imported of ${vm} as ${sayBilling(seen)}, not as ${sayBilling(wanted)}`,
        {
          hint: 'nothing was launched; remove it with `converge failover cleanup PLAN PATHS`, and correct `license`',
        },
      ),
    );
  if (seen && seen.bootMode !== boot_mode)
    throw new Failure(
      world(
        'shell-boot-mode',
        `${vm} starts with ${wordsOf(boot_mode)}, and the image ${image} that was imported of it with ${wordsOf(seen.bootMode)}`,
        { hint: 'nothing was launched; remove it with `converge failover cleanup PLAN PATHS`' },
      ),
    );
  for (const disk of disks) {
    if ('snapshot' in disk) continue;
    await step(`remove-upload-${vm}`);
    await cloud.uploads.remove(disk, signal);
  }
  await step(`imported-${vm}`);
  await note(repository, run, { at: clock.now(), what: 'imported', vm, task, image });
  return image;
}

/** Parts of a disk that are told of, so that a long upload is seen to go on. */
const tellEvery = 20;

/** Puts the raw images of a machine's disks into S3, as of its point. */
async function uploaded(
  { vm, uuid, point, disks, imported }: RunMachine,
  {
    repository,
    run: { start },
    cloud: { uploads },
    step,
    say,
    signal,
  }: Omit<RehearseOptions, 'prober' | 'clock'>,
): Promise<ImportedDisk[]> {
  const home = repository.vm(uuid);
  const found = (await home.point(point))!;
  const folder = imagesPlace(imported!, repository.id, start);
  const placed: ImportedDisk[] = [];
  for (const { index } of disks) {
    const disk = found.disks.find(one => one.index === index)!;
    const place = imagePlace(folder, { uuid, point }, index);
    await step(`upload-${vm}-disk-${index}`);
    let told = 0;
    await uploadDisk({
      reader: await home.reader(found, disk),
      disk,
      what: `disk ${index} (${disk.label}) of ${vm}`,
      place,
      uploads,
      progress(done) {
        const now = Math.floor((tellEvery * done) / disk.bytes);
        if (now > told) say?.(`${vm}: ${Math.floor((100 * done) / disk.bytes)} % of disk ${index} is in S3`);
        told = now;
      },
      ...(signal && { signal }),
    });
    placed.push(place);
  }
  return placed;
}
