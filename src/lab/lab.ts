import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { blocked, Failure, given, world } from '../diagnostics/diagnostic.ts';
import { processTable } from '../io/handles/process-table.ts';
import { type Lock, takeLock } from '../io/locks/lock.ts';
import type { Clock, Host, Random } from '../io/ports.ts';
import { startApi } from './api/server.ts';
import { labClock } from './clock.ts';
import { execute, type LabAnswer, type LabCommand, type LabParts } from './commands.ts';
import { type ControlEndpoint, sendControl, serveControl } from './control.ts';
import type { Pace } from './ec2/world/pace.ts';
import { changeInstance } from './instance/change-instance.ts';
import { addInstances, readFleet, setInstance } from './instance/fleet.ts';
import { startMetadata } from './instance/metadata.ts';
import { type RoleCredentials, roleOf } from './instance/role.ts';
import { readInstance } from './instance/settings.ts';
import { type S3Lab, startS3 } from './s3/server.ts';
import { fireDue } from './scheduler/fire.ts';
import { seed } from './seed.ts';
import { seedBuckets } from './seed-buckets.ts';
import { servedClock } from './served-clock.ts';
import { createSettings, type LabSettings, readSettings, writeSettings } from './settings.ts';
import { labCertificates } from './tls.ts';
import { startVsphere } from './vsphere/server.ts';
import { startWeb } from './web/server.ts';
import { windowsLab } from './windows/lab.ts';

/** An open lab: where its stand-ins answer, and how to make the world's events happen. */
export interface Lab {
  dir: string;
  /** Whether another process serves it. */
  elsewhere: boolean;
  settings: LabSettings;
  s3: { url: string };
  /** Answers for every host of the web, `/HOST/PATH`. */
  web: { url: string };
  /** EC2, EBS direct, Scheduler, SSM, Secrets Manager, Resolver and STS; the credentials are those of S3. */
  api: { url: string };
  /** Instance metadata of the lab's EC2 instance. */
  metadata: { url: string };
  /** What that instance signs its calls with. */
  roleCredentials: RoleCredentials;
  /** `caFile`: the same authority as a PEM file, for clients that want a path. */
  vsphere: { url: string; caPem: string; caFile: string };
  /** The lab's own clock: this machine's plus the settable offset. */
  clock: Clock;
  command(command: LabCommand): Promise<LabAnswer>;
  close(): Promise<void>;
}

/** What the serving process leaves for others in `serving.json` (0600). */
interface Serving {
  /** Of the process, so that its file is not believed once it is gone. */
  pid: number;
  start: string | undefined;
  control: ControlEndpoint;
  s3: string;
  web: string;
  api: string;
  metadata: string;
  vsphere: string;
  caPem: string;
}

export interface OpenLabOptions {
  host: Host;
  /** A lab made now begins with what `manifests/lab` protects; `lab …` commands begin with nothing. */
  seeded: boolean;
  /** A folder of this machine with a folder for each bucket that a seeded lab begins with. */
  content?: string;
  /** Milliseconds to wait while another command has the folder. */
  lockTimeout: number;
  signal?: AbortSignal;
  /** How long things take in AWS's stand-ins, by the clock of `host`; at once when left out. */
  pace?: Pace;
}

/**
 * Connects to the process that serves `dir`, or serves it in this one until `close`. Throws a
 * Failure when the folder holds something else, or when another command keeps it past the timeout.
 */
export async function openLab(dir: string, options: OpenLabOptions): Promise<Lab> {
  await refuseOtherFolders(dir);
  const served = await connect(dir, options.host);
  if (served) {
    if (options.seeded)
      await served.command({ do: 'seed', ...(options.content && { content: options.content }) });
    return served;
  }
  await options.host.files.mkdir(dir, { recursive: true });
  const lock = await takeLock(join(dir, 'lock'), {
    host: options.host,
    timeout: options.lockTimeout,
    ...(options.signal && { signal: options.signal }),
    refused: holder =>
      blocked('lab-in-use', `the lab in ${dir} is in use by ${holder}`, {
        hint: 'wait for it, give --lock-timeout, or serve the lab once with `converge lab serve` for many commands',
      }),
  });
  try {
    return await serveHere(dir, lock, options);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Publishes an open lab to other processes: `converge lab serve`. */
export async function publish(lab: Lab, host: Host): Promise<{ close(): Promise<void> }> {
  const control = await serveControl(command => lab.command(command));
  const file = join(lab.dir, 'serving.json');
  const serving: Serving = {
    pid: processTable.pid,
    start: await processTable.startOf(processTable.pid),
    control: { port: control.port, token: control.token },
    s3: lab.s3.url,
    web: lab.web.url,
    api: lab.api.url,
    metadata: lab.metadata.url,
    vsphere: lab.vsphere.url,
    caPem: lab.vsphere.caPem,
  };
  await host.files.writeAtomic(file, Buffer.from(JSON.stringify(serving)), { mode: 0o600 });
  return {
    async close() {
      await rm(file, { force: true });
      await control.close();
    },
  };
}

async function refuseOtherFolders(dir: string): Promise<void> {
  const found = await stat(dir).catch(() => undefined);
  if (!found) return;
  const names = found.isDirectory() ? await readdir(dir) : [dir];
  if (names.length === 0 || names.includes('lab.json') || names.every(name => name === 'lock')) return;
  const manifests = names.some(name => /\.ya?ml$/.test(name));
  throw new Failure(
    given(
      'lab-folder',
      `--lab took ${dir} for the lab's folder, but it holds ${manifests ? 'manifests' : 'something else'}`,
      {
        hint: manifests
          ? `paths come before --lab: converge apply ${dir} --lab`
          : 'give an empty or new folder, or leave it out for .converge/lab',
      },
    ),
  );
}

async function connect(dir: string, host: Host): Promise<Lab | undefined> {
  const text = await readFile(join(dir, 'serving.json'), 'utf8').catch(() => undefined);
  const settings = text && (await readSettings(dir));
  if (!text || !settings) return undefined;
  const serving = JSON.parse(text) as Serving;
  // A killed process leaves its file; the port may be anybody's by now.
  if ((await processTable.startOf(serving.pid)) !== serving.start) return undefined;
  const said = await sendControl(serving.control, { do: 'show' });
  if (!said) return undefined;
  return {
    dir,
    elsewhere: true,
    settings,
    s3: { url: serving.s3 },
    web: { url: serving.web },
    api: { url: serving.api },
    metadata: { url: serving.metadata },
    roleCredentials: await roleCredentials(dir, settings),
    vsphere: { url: serving.vsphere, caPem: serving.caPem, caFile: join(dir, 'ca.pem') },
    clock: servedClock(dir, host.clock, settings),
    async command(command) {
      const answer = await sendControl(serving.control, command);
      if (answer) return answer;
      throw new Failure(
        world('lab-gone', `the process that served the lab in ${dir} has ended`, {
          hint: 'run the command again',
        }),
      );
    },
    close: async () => {},
  };
}

const waitingFaults = ({ s3, api, vsphere }: LabParts): LabSettings['faults'] => [
  ...s3.waitingFaults().map(rule => ({ on: 's3' as const, rule })),
  ...vsphere.world.waitingFaults().map(rule => ({ on: 'vsphere' as const, rule })),
  ...api.waitingFaults().map(rule => ({ on: 'secrets' as const, rule })),
  ...(['ec2', 'ebs'] as const).flatMap(on => api[on].waitingFaults().map(rule => ({ on, rule }))),
];

async function serveHere(dir: string, lock: Lock, options: OpenLabOptions): Promise<Lab> {
  const { host, seeded, content, pace } = options;
  const known = await readSettings(dir);
  const settings = known ?? (await createSettings(dir, host.random, host.files));
  if (settings.id === undefined) {
    // Made by an earlier converge, when labs had none.
    settings.id = host.random.uuid();
    await writeSettings(dir, settings, host.files);
  }
  const clock = labClock(host.clock, () => settings.clockOffset);
  const certificates = await labCertificates(join(dir, 'tls'), host.clock, host.random);
  const caFile = join(dir, 'ca.pem');
  await host.files.writeAtomic(caFile, Buffer.from(certificates.caPem), { mode: 0o644 });
  const common = { clock, random: host.random };
  const s3 = await startS3({
    ...common,
    dir: join(dir, 's3'),
    authClock: host.clock,
    credentials: settings.s3,
    region: settings.region,
    took: pace && ((what, bytes) => pace.pass(pace.call(what, bytes))),
    role: async () => roleOf(settings.s3, await readInstance(dir)),
  });
  const [api, metadata] = await startAccount(dir, settings, clock, host, s3.object, pace);
  const vsphere = await startVsphere({
    ...common,
    dir: join(dir, 'vsphere'),
    credentials: settings.vsphere,
    tls: { key: certificates.keyPem, cert: certificates.certPem },
  });
  const web = await startWeb({ dir: join(dir, 'web') });
  const save = () => writeSettings(dir, settings, host.files);
  const parts: LabParts = {
    s3,
    api,
    changeInstance: change => changeInstance(dir, change),
    fleet: {
      all: () => readFleet(dir),
      add: launch => addInstances(dir, launch, clock.now()),
      set: (id, change) => setInstance(dir, id, change),
    },
    vsphere,
    windows: windowsLab(host.files, join(dir, 'windows')),
    web,
    clockOffset: () => settings.clockOffset,
    seed: async folder => {
      if (settings.seed === 'done') return;
      const again = settings.seed === 'begun';
      // Begun means that all VMs there are came from here, and may go when a kill cut it short.
      if (again || vsphere.world.vms().length === 0) {
        settings.seed = 'begun';
        await save();
        await seed(vsphere.world);
      }
      if (folder !== undefined) await seedBuckets(s3, folder, again);
      settings.seed = 'done';
      await save();
    },
    fireDue: () => fireDue(api.world, clock.now()),
    setClock: async offset => {
      settings.clockOffset = offset;
      await save();
    },
  };
  if (seeded) await parts.seed(content);
  if (settings.faults.length > 0) {
    for (const { on, rule } of settings.faults)
      await execute(parts, { do: 'fault', on, rule: rule as Record<string, unknown> });
  }
  return {
    dir,
    elsewhere: false,
    settings,
    s3: { url: s3.url },
    web: { url: web.url },
    api: { url: api.url },
    metadata: { url: metadata.url },
    roleCredentials: await roleCredentials(dir, settings),
    vsphere: { url: vsphere.url, caPem: certificates.caPem, caFile },
    clock,
    async command(command) {
      return execute(parts, command);
    },
    async close() {
      // A fault waits for the call that it is for, whichever command makes it. The Windows host keeps its
      // own.
      const waiting = waitingFaults(parts);
      if (JSON.stringify(waiting) !== JSON.stringify(settings.faults)) {
        settings.faults = waiting;
        await save();
      }
      await Promise.all([s3.close(), api.close(), metadata.close(), vsphere.close(), web.close()]);
      await lock.release();
    },
  };
}

/** What a program on the lab's instance learns about it, and where; the rest of the lab stays closed. */
export interface LabInstance {
  metadata: { url: string };
  api: { url: string };
  region: string;
  credentials: RoleCredentials;
  close(): Promise<void>;
}

/** The instance of the lab in `dir`, which need not be there yet. Takes no lock: it only reads. */
export async function openLabInstance(dir: string, host: Host): Promise<LabInstance> {
  await refuseOtherFolders(dir);
  const served = await connect(dir, host);
  if (served) {
    const { metadata, api, settings, roleCredentials: credentials } = served;
    return { metadata, api, region: settings.region, credentials, close: async () => {} };
  }
  const settings = (await readSettings(dir)) ?? unborn;
  const clock = labClock(host.clock, () => settings.clockOffset);
  const [api, metadata] = await startAccount(dir, settings, clock, host);
  return {
    metadata,
    api,
    region: settings.region,
    credentials: await roleCredentials(dir, settings),
    close: async () => void (await Promise.all([api.close(), metadata.close()])),
  };
}

const roleCredentials = async (dir: string, { s3 }: Pick<LabSettings, 's3'>) =>
  roleOf(s3, await readInstance(dir)).credentials;

const unborn: Pick<LabSettings, 'region' | 's3' | 'clockOffset'> = {
  region: 'eu-west-1',
  s3: { accessKeyId: 'AKIALABUNBORN', secretAccessKey: 'of a lab that is not there yet' },
  clockOffset: 0,
};

const startAccount = (
  dir: string,
  { s3, region }: Pick<LabSettings, 's3' | 'region'>,
  clock: Clock,
  host: { clock: Clock; random: Random },
  objects?: S3Lab['object'],
  pace?: Pace,
) => {
  const common = { clock, random: host.random, instance: () => readInstance(dir) };
  const api = {
    dir: join(dir, 'api'),
    ec2Dir: join(dir, 'ec2'),
    authClock: host.clock,
    credentials: s3,
    region,
    ...(objects && { objects }),
    pace,
  };
  return Promise.all([startApi({ ...common, ...api, fleet: () => readFleet(dir) }), startMetadata(common)]);
};
