import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { confine } from '../io/confined.ts';
import type { Host } from '../io/ports.ts';
import type { Lab } from '../lab/lab.ts';

/** What any host has to begin with. */
const usual = ['etc', 'opt', 'srv', 'tmp', 'var'];

/** This machine with the lab's clock, and with every host path below the lab's `host` folder. */
export async function labHost(host: Host, lab: Lab): Promise<Host> {
  const root = join(lab.dir, 'host');
  for (const name of usual) await mkdir(join(root, name), { recursive: true });
  return { ...confine(host, root), clock: lab.clock };
}
