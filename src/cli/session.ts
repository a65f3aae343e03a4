import { resolve } from 'node:path';
import type { CallCounter } from '../engine/calls.ts';
import type { CatalogTarget } from '../engine/catalog.ts';
import { openMemory } from '../engine/memory.ts';
import type { World } from '../engine/world.ts';
import type { Host } from '../io/ports.ts';
import type { Lab } from '../lab/lab.ts';
import { type Connections, makeConnections } from './connections.ts';
import type { Context } from './context.ts';
import { labDir, openLabAt } from './lab-dir.ts';
import { labHost } from './lab-host.ts';
import type { CommonOptions } from './options.ts';
import { readSecret } from './secrets.ts';

/** What a command works in: the real world or a lab, decided here and nowhere below. */
export interface Session {
  world: World;
  connections: Connections;
  /** Lock, memory and reports. */
  stateDir: string;
  lab?: Lab;
  close(): Promise<void>;
}

const noCalls: CallCounter = { made() {}, retried() {}, throttled() {} };

/**
 * The composition root: what stands behind the engine's ports. With `--lab`, the lab's endpoints and
 * credentials take the place of every target's, and host paths lie below the lab's folder.
 */
export async function openSession(
  context: Context,
  options: CommonOptions,
  declared: CatalogTarget[] = [],
): Promise<Session> {
  const { io } = context;
  const dir = labDir(context, options.lab);
  const lab =
    dir === undefined
      ? undefined
      : await openLabAt(context, dir, { seeded: true, lockTimeout: options.lockTimeout });
  if (lab)
    context.say(`lab in ${lab.dir}: stand-ins for vSphere, S3 and the host; nothing leaves this machine\n`);
  try {
    const host: Host = lab ? await labHost(io.host, lab) : io.host;
    const secret = (reference: { $secret: string }) => readSecret(reference, io.host);
    const connections = makeConnections({ host, targets: declared, secret, ...(lab && { lab }) });
    const stateDir = resolve(io.host.cwd, options.state ?? (dir ? `${dir}/state` : '.converge'));
    const memory = await openMemory(io.host, stateDir);
    context.report(memory.diagnostics);
    return {
      connections,
      stateDir,
      ...(lab && { lab }),
      world: {
        host,
        memory,
        secret,
        source: path => io.host.files.read(resolve(io.host.cwd, path)),
        connect: (target, name, calls = noCalls) => connections.connect(target, name, calls),
        ...(lab && { identify: async ({ type, name }) => `lab:${type}:${name}` }),
      },
      async close() {
        await connections.close();
        await lab?.close();
      },
    };
  } catch (error) {
    await lab?.close();
    throw error;
  }
}
