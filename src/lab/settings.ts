import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure, world } from '../diagnostics/diagnostic.ts';
import type { Files, Random } from '../io/ports.ts';

/** The stand-ins that faults can be armed in. */
export type FaultyService = 's3' | 'vsphere' | 'secrets' | 'ec2' | 'ebs';

/** What a lab folder remembers of itself, in `lab.json`. The world proper is beside it. */
export interface LabSettings {
  lab: 1;
  /** Tells this lab from others, whatever its folder is called. */
  id: string;
  region: string;
  s3: { accessKeyId: string; secretAccessKey: string };
  vsphere: { username: string; password: string };
  /** Whether the VMs of `manifests/lab` were put in; `begun` is finished by whoever opens it next. */
  seed: 'none' | 'begun' | 'done';
  /** Milliseconds that the lab's clock is ahead of the machine's. */
  clockOffset: number;
  /** Fault rules that didn't strike yet, with the times that are left of each. */
  faults: { on: FaultyService; rule: unknown }[];
}

export const fileOf = (dir: string): string => join(dir, 'lab.json');

/** Undefined when the folder holds no lab (or isn't there). Throws a Failure on a damaged or newer one. */
export async function readSettings(dir: string): Promise<LabSettings | undefined> {
  const text = await readFile(fileOf(dir), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  let settings: LabSettings;
  try {
    settings = JSON.parse(text) as LabSettings;
  } catch {
    settings = { lab: undefined } as unknown as LabSettings;
  }
  if (settings.lab !== 1) {
    throw new Failure(
      world('lab-damaged', `the lab in ${dir} can't be read: lab.json is damaged or of another version`, {
        hint: `remove ${dir} to start a new lab; nothing but the lab's own world is in it`,
      }),
    );
  }
  return settings;
}

export async function writeSettings(dir: string, settings: LabSettings, files: Files): Promise<void> {
  await files.writeAtomic(fileOf(dir), Buffer.from(`${JSON.stringify(settings, null, 2)}\n`), {
    mode: 0o600,
  });
}

/** A new lab's settings with credentials of its own, so that nothing of the lab is worth stealing. */
export async function createSettings(dir: string, random: Random, files: Files): Promise<LabSettings> {
  await files.mkdir(dir, { recursive: true });
  const settings: LabSettings = {
    lab: 1,
    id: random.uuid(),
    region: 'eu-west-1',
    s3: {
      accessKeyId: `AKIALAB${random.bytes(8).toString('hex').toUpperCase().slice(0, 13)}`,
      secretAccessKey: random.bytes(30).toString('base64url'),
    },
    vsphere: { username: 'administrator@vsphere.local', password: random.bytes(15).toString('base64url') },
    seed: 'none',
    clockOffset: 0,
    faults: [],
  };
  await writeSettings(dir, settings, files);
  return settings;
}
