import { posix } from 'node:path';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import type { Host } from '../../io/ports.ts';
import { GUEST_REPORT, guestReportText, type SeenFacts } from '../../recovery/guest-facts/format.ts';
import { linuxFacts } from '../../recovery/guest-facts/linux.ts';
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
 * @throws Failure `guest-facts-linux` on another system
 */
export async function guestFacts(context: Context, lab: string | true | undefined): Promise<GuestLooked> {
  const { host, interrupt } = context.io;
  const dir = labDir(context, lab);
  if (dir === undefined) return lookAndWrite(host, interrupt);
  const opened = await openLabAt(context, dir, { seeded: false, lockTimeout: 0, labMustExist: true });
  try {
    return await lookAndWrite(await labHost(host, opened), interrupt);
  } finally {
    await opened.close();
  }
}

async function lookAndWrite(host: Host, signal: AbortSignal): Promise<GuestLooked> {
  if (host.platform !== 'linux')
    throw new Failure(
      given('guest-facts-linux', `what a machine with ${host.platform} would bring along isn't looked at`, {
        hint: 'run it on Linux; of Windows look at these yourself, and rehearse',
      }),
    );
  const at = host.clock.now();
  const facts = await linuxFacts(host, signal);
  signal.throwIfAborted();
  await host.files.mkdir(posix.dirname(GUEST_REPORT.linux), { recursive: true });
  await host.files.writeAtomic(GUEST_REPORT.linux, Buffer.from(guestReportText(at, facts)), { mode: 0o644 });
  return { path: GUEST_REPORT.linux, facts };
}
