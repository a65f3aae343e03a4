import { posix, win32 } from 'node:path';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import type { Host } from '../../io/ports.ts';
import { GUEST_REPORT, guestReportText, type SeenFacts } from '../../recovery/guest-facts/format.ts';
import { linuxFacts } from '../../recovery/guest-facts/linux.ts';
import { windowsFacts } from '../../windows/guest/facts.ts';
import { lookAtWindows } from '../../windows/guest/look.ts';
import type { Context } from '../app-context.ts';
import { labHost } from '../lab/lab-host.ts';
import { labDir, openLabAt } from '../lab/open-lab.ts';

/** What was seen, and the file that says so from now on. */
export interface GuestLooked {
  path: string;
  facts: SeenFacts;
}

/**
 * Looks at this machine, or at the lab's host, and writes down what it would bring along into EC2, with the
 * time of the look. Readiness reads that from the machine's recovery points.
 *
 * @param platform of the lab's host; that of this machine when left out
 * @throws Failure `guest-facts-system` on another system
 */
export async function guestFacts(
  context: Context,
  lab: string | true | undefined,
  platform?: 'win32',
): Promise<GuestLooked> {
  const { host, interrupt } = context.io;
  const dir = labDir(context, lab);
  if (dir === undefined) return lookAndWrite(host, interrupt);
  const opened = await openLabAt(context, dir, { seeded: false, lockTimeout: 0, labMustExist: true });
  try {
    return await lookAndWrite(await labHost(host, opened, platform), interrupt);
  } finally {
    await opened.close();
  }
}

async function lookAndWrite(host: Host, signal: AbortSignal): Promise<GuestLooked> {
  const { path, dirname, look } = placeOf(host);
  const at = host.clock.now();
  const facts = await look(signal);
  signal.throwIfAborted();
  await host.files.mkdir(dirname(path), { recursive: true });
  await host.files.writeAtomic(path, Buffer.from(guestReportText(at, facts)), { mode: 0o644 });
  return { path, facts };
}

/** Where a system keeps it, and how it is looked at. */
function placeOf(host: Host): {
  path: string;
  dirname: (path: string) => string;
  look: (signal: AbortSignal) => Promise<SeenFacts>;
} {
  const { platform, processes, env, files } = host;
  if (platform === 'linux')
    return { path: GUEST_REPORT.linux, dirname: posix.dirname, look: signal => linuxFacts(host, signal) };
  if (platform === 'win32')
    return {
      path: GUEST_REPORT.windows,
      dirname: win32.dirname,
      look: async signal =>
        windowsFacts(await lookAtWindows({ env, files, run: command => processes.run(command, signal) })),
    };
  throw new Failure(
    given('guest-facts-system', `what a machine with ${platform} would bring along isn't looked at`, {
      hint: 'run it on Linux or Windows',
    }),
  );
}
