import { join } from 'node:path';
import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { dumpArgs, dumpOf, type NbdkitFacts } from '../../doctor/nbdkit.ts';
import { endWords } from '../../io/errors.ts';
import type { Processes, ReadFiles } from '../../io/ports.ts';
import type { Nbdkit } from '../../vsphere/snapshots/vddk.ts';
import { answerOf } from './answer.ts';

/** Milliseconds within which nbdkit tells about itself. */
const answersWithin = 20_000;

/** Asks the nbdkit of this machine about itself; it serves nothing, and no server is logged in to. */
export async function lookAtNbdkit(
  { program = 'nbdkit', plugin = 'vddk', libdir, transports }: Nbdkit,
  { processes, files }: { processes: Processes; files: ReadFiles },
  signal: AbortSignal,
): Promise<NbdkitFacts> {
  const run = async (args: string[], what: string): Promise<string> => {
    const said = await processes.run({ file: program, args, timeout: answersWithin }, signal);
    if (said.exitCode === 0 && !said.timedOut) return said.stdout;
    const words = said.stderr.trim().replace(/\s+/g, ' ') || `it ${endWords(said.exitCode)}`;
    throw new Failure(world('nbdkit-failed', own`${what}: ${said.timedOut ? 'no answer' : words}`));
  };
  const version = await answerOf(
    async () => (await run(['--version'], `${program} --version`)).split('\n')[0]!.trim(),
    signal,
  );
  const facts = {
    ...{ program, plugin, version },
    ...(libdir !== undefined && {
      libdir: { path: libdir, libraries: await answerOf(() => librariesIn(libdir, files), signal) },
    }),
  };
  const dump = 'failed' in version ? undefined : await dumped();
  return {
    ...facts,
    ...(dump && { dump }),
    ...(transports !== undefined && { transports: { wanted: transports, maker: await makerOf(files) } }),
  };

  function dumped() {
    return answerOf(() => run(dumpArgs(facts), dumpOf(facts)), signal);
  }
}

/** Who made this machine, by its firmware; where Linux doesn't tell, nobody knows. */
const makerOf = async (files: ReadFiles): Promise<string | undefined> =>
  (await files.read('/sys/class/dmi/id/sys_vendor').catch(() => undefined))?.toString().trim() || undefined;

/** Of VMware's disk library, the names that the plugin looks for: in the folder, and in its `lib64`. */
async function librariesIn(folder: string, files: ReadFiles): Promise<string[]> {
  const listed = await Promise.all([files.list(folder), files.list(join(folder, 'lib64'))]);
  return listed
    .flatMap(names => names ?? [])
    .filter(name => /^libvixDiskLib\.so(\.\d+)*$/.test(name))
    .sort();
}
