import { join, resolve } from 'node:path';
import { Failure, failedWith, given, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { eitherOf } from '../../io/either.ts';
import { privateFolder } from '../../io/handles/private-folder.ts';
import type { ServedDisk } from '../../nbd/server.ts';
import { runTool } from '../../programs/run-tool.ts';
import type { Point } from '../../replication/model/point.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions, RepositoryOptions } from '../options.ts';
import { againWith, choosePoint } from './choose-point.ts';
import { writeOffsetFiles } from './offset-files.ts';
import { servedDisk } from './served-disk.ts';
import { withVms } from './with-repository.ts';

export const imageFormats = ['raw', 'qcow2', 'vmdk', 'offset-files'] as const;

export interface ExportOptions extends RepositoryOptions, CommonOptions {
  /** `latest`, an id, or a time: the newest point at or before it. */
  point: string;
  /** Path of the socket that its disks are served on. */
  nbd?: string;
  /** It ends with the last client. */
  once?: boolean;
  /** Folder for images. */
  to?: string;
  as?: (typeof imageFormats)[number];
  /** Replace what exists. */
  force?: boolean;
}

export interface Exported {
  point: Point;
  disks: { index: number; bytes: number; path: string }[];
}

/** `disks` by the address that a client of NBD is given. */
export interface Serving {
  point: Point;
  disks: { index: number; bytes: number; uri: string }[];
}

/**
 * Serves the disks of a point over NBD, until it is interrupted or `once` ends it: `listening` hears of it.
 * Answers with whether all that was asked for could be read; undefined when the manifests have mistakes,
 * which were told.
 */
export async function servePoint(
  context: Context,
  vm: string,
  options: ExportOptions & { nbd: string },
  listening: (serving: Serving) => void,
): Promise<boolean | undefined> {
  const { serveNbd } = await import('../../nbd/listen.ts');
  const { host, interrupt } = context.io;
  if (host.platform === 'win32') throw noSockets(options.nbd);
  const socket = resolve(host.cwd, options.nbd);
  const rest = ['--nbd', options.nbd, ...(options.once ? ['--once'] : [])];
  return withDisks(context, vm, options, rest, interrupt, async (point, disks) => {
    const said = new Set<string>();
    await serveNbd(disks, {
      socket,
      files: host.files,
      signal: interrupt,
      once: options.once ?? false,
      listening: () =>
        listening({
          point,
          disks: disks.map(({ name, bytes }, n) => ({
            index: point.disks[n]!.index,
            bytes,
            uri: uriOf(name, socket),
          })),
        }),
      failed: (disk, error) => {
        const fresh = failureOf(disk, error).diagnostics.filter(({ message }) => !said.has(message));
        for (const { message } of fresh) said.add(message);
        context.reporter.diagnostics(fresh);
      },
    });
    return said.size === 0;
  });
}

/** Writes the disks of a point in another form than raw. Undefined when the manifests have mistakes. */
export async function exportPoint(
  context: Context,
  vm: string,
  options: ExportOptions & { to: string; as: 'qcow2' | 'vmdk' | 'offset-files' },
): Promise<Exported | undefined> {
  const { host, interrupt } = context.io;
  const { as, force = false } = options;
  const directory = resolve(host.cwd, options.to);
  if (as !== 'offset-files') await needQemuImg(context);
  const rest = ['--to', options.to, '--as', as, ...(force ? ['--force'] : [])];
  return withDisks(context, vm, options, rest, interrupt, async (point, disks) => {
    const made = disks.map((disk, n) => ({
      disk,
      index: point.disks[n]!.index,
      path: join(directory, `${disk.name}.${as === 'offset-files' ? 'offsets' : as}`),
    }));
    if (!force) for (const { path } of made) await refuseExisting(context, path);
    // Whoever reads a disk reads all secrets of its machine.
    await host.files.mkdir(directory, { recursive: true, mode: 0o700 });
    if (as === 'offset-files')
      for (const { disk, path } of made) await writeOffsetFiles(disk, path, host.files, interrupt);
    else {
      const folder = await privateFolder('nbd');
      await convert(context, made, as, join(folder.path, 'socket')).finally(folder.remove);
    }
    await host.files.syncFolder(directory);
    return { point, disks: made.map(({ disk, index, path }) => ({ index, bytes: disk.bytes, path })) };
  });
}

function withDisks<T>(
  context: Context,
  vm: string,
  options: ExportOptions,
  rest: string[],
  signal: AbortSignal,
  use: (point: Point, disks: ServedDisk[]) => Promise<T>,
): Promise<T | undefined> {
  return withVms(context, options, vm, async (opened, [one], onDamage) => {
    const again = againWith(['export', vm], options, rest);
    const point = await choosePoint(opened, one!, onDamage, { which: options.point, name: vm, again });
    const disks = await Promise.all(
      point.disks.map(async disk => servedDisk(await one!.reader(point, disk), disk, signal)),
    );
    return use(point, disks);
  });
}

const uriOf = (name: string, socket: string): string =>
  `nbd+unix:///${name}?socket=${encodeURIComponent(socket).replaceAll('%2F', '/')}`;

interface Image {
  disk: ServedDisk;
  path: string;
}

const qemuImg = {
  name: 'qemu-img',
  failed: 'export-failed',
  words: ['stderr', 'stdout'],
} as const;

/** @throws Failure `program-needed` */
async function needQemuImg({ io: { host } }: Context): Promise<void> {
  try {
    await host.processes.run({ file: 'qemu-img', args: ['--version'] });
  } catch (error) {
    if (!failedWith(error, 'program-not-started')) throw error;
    throw new Failure(
      world('program-needed', '`--as qcow2` and `--as vmdk` need the program qemu-img, which is not there', {
        hint: 'install qemu-utils (Debian, Ubuntu) or qemu-img (Red Hat, Amazon Linux); raw and offset-files need no program',
      }),
      { cause: error },
    );
  }
}

/** Has qemu-img read each disk over NBD and write its image, which gets its name when it is whole. */
async function convert(
  context: Context,
  images: Image[],
  format: 'qcow2' | 'vmdk',
  socket: string,
): Promise<void> {
  const { serveNbd } = await import('../../nbd/listen.ts');
  const { host, interrupt } = context.io;
  const stop = new AbortController();
  const either = eitherOf(stop.signal, interrupt);
  const failures: Failure[] = [];
  const listening = Promise.withResolvers<void>();
  const serving = serveNbd(
    images.map(({ disk }) => disk),
    {
      socket,
      files: host.files,
      signal: either.signal,
      listening: listening.resolve,
      failed: (disk, error) => failures.push(failureOf(disk, error)),
    },
  );
  try {
    await Promise.race([listening.promise, serving]);
    for (const { disk, path } of images) {
      const unfinished = `${path}.unfinished-export`;
      await host.files.remove(unfinished);
      // It is opened, and not made anew, by whoever writes: so it is nobody else's from the beginning.
      await (await host.files.open(unfinished, 'create-new', { mode: 0o600 }))!.close();
      try {
        const args = ['convert', '-f', 'raw', '-O', format, '-m', '8', uriOf(disk.name, socket), unfinished];
        const io = {
          run: (command: Parameters<typeof host.processes.run>[0]) => host.processes.run(command, interrupt),
        };
        await runTool(io, qemuImg, { file: 'qemu-img', args }, `${disk.name} can't be written as ${format}`);
        const written = await host.files.open(unfinished, 'r+');
        await written?.sync();
        await written?.close();
        await host.files.rename(unfinished, path);
      } catch (error) {
        await host.files.remove(unfinished);
        interrupt.throwIfAborted();
        throw failures[0] ?? error;
      }
    }
  } finally {
    stop.abort();
    await serving.catch(() => {});
    either.release();
  }
}

async function refuseExisting({ io: { host } }: Context, path: string): Promise<void> {
  if (await host.files.stat(path))
    throw new Failure(
      given('file-exists', `${path} exists already`, {
        hint: 'name another directory, or replace it with --force',
      }),
    );
}

const failureOf = (disk: string, error: unknown): Failure =>
  error instanceof Failure
    ? error
    : new Failure(
        world(
          'export-failed',
          `${disk} can't be served: ${error instanceof Error ? error.message : error}`,
          {},
        ),
        { cause: error },
      );

const noSockets = (socket: string): Failure =>
  new Failure(
    given(
      'bad-socket',
      own`${socket}: Windows has no local socket that NBD's clients know, and that nobody else can reach`,
      {
        hint: own`write images with --to DIR --as raw, or serve the point from Linux or macOS: it is in the repository`,
      },
    ),
  );
