import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { confine } from '../io/confined.ts';
import type { Host } from '../io/ports.ts';
import type { Lab } from '../lab/lab.ts';

/** This machine with the lab's clock, and with every host path below the lab's `host` folder. */
export async function labHost(host: Host, lab: Lab): Promise<Host> {
  const root = join(lab.dir, 'host');
  await mkdir(root, { recursive: true });
  return { ...confine(host, root), clock: lab.clock };
}
