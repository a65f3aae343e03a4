import { resolve } from 'node:path';
import { blocked, Failure, given } from '../../diagnostics/diagnostic.ts';
import type { LabAnswer, LabCommand } from '../../lab/commands.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Capture } from '../../windows/capture/capture.ts';
import type { Finding } from '../../windows/capture/contracts.ts';
import type { Context } from '../app-context.ts';
import { labDir, openLabAt } from './open-lab.ts';

export type { LabCommand } from '../../lab/commands.ts';
export { beanstalkTags, checkResults, type FleetMember, memberStates } from '../../lab/instance/member.ts';
export type { InstanceSettings } from '../../lab/instance/settings.ts';
export type { FaultyService } from '../../lab/settings.ts';
export type { Language } from '../../lab/windows/machine/machine.ts';

/** Makes an event of the lab's world happen, in the process that serves the lab if there is one. */
export async function changeLab(
  context: Context,
  lab: string | true | undefined,
  command: LabCommand,
): Promise<LabAnswer> {
  const dir = labDir(context, lab ?? true)!;
  const opened = await openLabAt(context, dir, { seeded: false, lockTimeout: 10_000 });
  try {
    return await opened.command(command);
  } finally {
    await opened.close();
  }
}

/**
 * Boots an instance in QEMU and says how it is reached. Where no other process serves the lab, this one has
 * the machine until the command is interrupted.
 */
export async function bootInstance(
  context: Context,
  lab: string | true | undefined,
  command: Extract<LabCommand, { do: 'boot' }>,
  booted: (answer: LabAnswer) => void,
): Promise<void> {
  const { interrupt } = context.io;
  const opened = await openLabAt(context, labDir(context, lab ?? true)!, {
    seeded: false,
    lockTimeout: 10_000,
  });
  try {
    booted(await opened.command(command));
    if (!opened.elsewhere && !interrupt.aborted)
      await new Promise(interrupted => interrupt.addEventListener('abort', interrupted, { once: true }));
  } finally {
    await opened.close();
  }
}

/** What of an IAM policy the lab could hold nobody to; undefined when it enforces all of it. */
export async function unenforced(policy: unknown): Promise<string | undefined> {
  const { unknownIn } = await import('../../lab/instance/role.ts');
  return unknownIn(policy);
}

/**
 * Serves a lab until the command is interrupted. Throws a Failure when another process does.
 * @param ready called once it answers
 */
export async function serveLab(
  context: Context,
  lab: string | true | undefined,
  ready: (lab: Lab, dir: string) => void,
): Promise<void> {
  const { host, interrupt } = context.io;
  const dir = labDir(context, lab ?? true)!;
  const opened = await openLabAt(context, dir, { seeded: false, lockTimeout: 0 });
  if (opened.elsewhere) {
    throw new Failure(
      blocked('lab-served', `the lab in ${dir} is served already by another process`, {
        hint: `use it: give --lab ${dir} to any command`,
      }),
    );
  }
  const { publish } = await import('../../lab/lab.ts');
  const published = await publish(opened, host);
  ready(opened, dir);
  if (!interrupt.aborted)
    await new Promise(interrupted => interrupt.addEventListener('abort', interrupted, { once: true }));
  await published.close();
  await opened.close();
}

/** What a stand-in does, and how far that was checked against anything foreign. */
export interface Contract {
  system: string;
  behaviour: string;
  evidence: string;
  source: string;
}

export async function labContracts(): Promise<Contract[]> {
  const [s3, api, ec2, ebs, instance, vsphere, windows, iis, web, linux] = await Promise.all([
    import('../../lab/s3/evidence.ts'),
    import('../../lab/api/evidence.ts'),
    import('../../lab/ec2/evidence.ts'),
    import('../../lab/ebs/evidence.ts'),
    import('../../lab/instance/evidence.ts'),
    import('../../lab/vsphere/evidence.ts'),
    import('../../lab/windows/evidence.ts'),
    import('../../lab/windows/iis/evidence.ts'),
    import('../../lab/web/evidence.ts'),
    import('../../lab/linux/evidence.ts'),
  ]);
  const systems = {
    vSphere: vsphere,
    S3: s3,
    Secrets: api,
    EC2: ec2,
    'EBS direct': ebs,
    Instance: instance,
    Windows: windows,
    IIS: iis,
    web,
    Linux: linux,
  };
  return Object.entries(systems).flatMap(([system, { evidence }]) =>
    evidence.map(({ behaviour, evidence, source }) => ({ system, behaviour, evidence, source })),
  );
}

/** Holds what is believed of Windows against a recording of a real one. */
export async function replayCapture(
  { io: { host } }: Context,
  path: string,
): Promise<{ capture: Capture; findings: Finding[] }> {
  const bytes = await host.files.read(resolve(host.cwd, path));
  if (!bytes) throw new Failure(given('no-such-file', `there is no file ${path}`));
  const [{ parseCapture }, { replay }] = await Promise.all([
    import('../../windows/capture/capture.ts'),
    import('../../windows/capture/contracts.ts'),
  ]);
  const capture = parseCapture(bytes.toString('utf8'), path);
  return { capture, findings: await replay(capture) };
}
