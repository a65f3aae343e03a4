import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { ReadIo, WriteIo } from '../../engine/model/io.ts';
import type { Command, CommandResult } from '../../io/ports.ts';
import { until } from '../../io/until.ts';
import { runTool, type Tool, toolFailure } from '../../programs/run-tool.ts';
import { readValues } from '../registry/registry.ts';
import { placeOf, type ValuePath } from '../registry/registry-data.ts';
import { system32 } from '../tools/programs.ts';

export type Startup = 'automatic' | 'delayed' | 'manual' | 'disabled';

/** Win32 codes, which sc.exe ends with. */
const codes = { notThere: 1060, alreadyRuns: 1056, notRunning: 1062, disabled: 1058 } as const;

/** Milliseconds: of one call, of a service that starts or stops, and between two looks. */
const limit = 60_000;
const patience = 2 * 60_000;
const pause = 500;

const scCommand = (io: ReadIo, args: string[]): Command => ({
  file: system32(io, 'sc.exe'),
  args,
  timeout: limit,
});

const sc = (io: ReadIo, args: string[]): Promise<CommandResult> => io.run(scCommand(io, args));

export const inKey = (service: string, name: string): ValuePath => ({
  key: `HKLM\\SYSTEM\\CurrentControlSet\\Services\\${service}`,
  name,
});

/** How services start, by name as given; those that aren't there are left out. */
export async function readStartups(
  io: ReadIo,
  names: readonly string[],
): Promise<Map<string, Startup | 'other'>> {
  const parts = ['Start', 'DelayedAutostart', 'ImagePath'];
  const values = await readValues(
    io,
    names.flatMap(name => parts.map(part => inKey(name, part))),
  );
  const number = (name: string, part: string) => Number(values.get(placeOf(inKey(name, part)))?.data);
  return new Map(
    names
      .filter(name => values.has(placeOf(inKey(name, 'ImagePath'))))
      .map(name => {
        const delayed = number(name, 'DelayedAutostart') === 1;
        const known: Record<number, Startup> = {
          2: delayed ? 'delayed' : 'automatic',
          3: 'manual',
          4: 'disabled',
        };
        return [name, known[number(name, 'Start')] ?? 'other'];
      }),
  );
}

/** Names of all services, drivers not among them; one process. */
export const serviceNames = async (io: ReadIo): Promise<string[]> => [...(await listStates(io)).keys()];

/** Bytes, the most that Windows takes: with less sc.exe stops in the middle of many services. */
const listBuffer = 256 * 1024;

async function listStates(io: ReadIo): Promise<Map<string, ServiceState | undefined>> {
  const all = ['query', 'type=', 'service', 'state=', 'all', 'bufsize=', String(listBuffer)];
  const { stdout } = await runTool(io, tool, scCommand(io, all), 'asking for all services failed');
  return new Map(inBlocks(stdout));
}

/** From as many names on the list of all services is read, which is one process. */
const worthAList = 3;

/**
 * The states of services, by name as given; those that aren't there are left out. A few processes, however
 * many.
 */
export async function readServiceStates(
  io: ReadIo,
  names: readonly string[],
): Promise<Map<string, ServiceState>> {
  const all = names.length < worthAList ? new Map() : await listStates(io);
  const listed = new Map([...all].map(([name, state]) => [name.toLowerCase(), state]));
  const found = new Map<string, ServiceState>();
  for (const name of names) {
    // Drivers are services too, and in no list.
    const state = listed.get(name.toLowerCase()) ?? (await readServiceState(io, name));
    if (state !== undefined) found.set(name, state);
  }
  return found;
}

async function readServiceState(io: ReadIo, name: string): Promise<ServiceState | undefined> {
  const result = await sc(io, ['query', name]);
  if (result.exitCode === codes.notThere) return undefined;
  const state = stateIn(result.stdout);
  if (result.exitCode === 0 && state !== undefined) return state;
  throw new Failure(toolFailure(tool, `asking for the service ${name} failed`, result));
}

/** What sc.exe lists: each service and its state. */
const inBlocks = (listing: string): (readonly [name: string, ServiceState | undefined])[] =>
  listing
    .split(/^SERVICE_NAME: /m)
    .slice(1)
    .map(block => [block.split(/[ \t]*\r?\n/, 1)[0]!, stateIn(block)] as const);

/**
 * Labels are translated; that `STATE : 4  RUNNING` is the second line with a number isn't. What is on its way
 * is taken to arrive.
 */
const stateIn = (block: string): ServiceState | undefined => states[numberIn(block) - 1];

function numberIn(block: string): number {
  const [, state] = [...block.matchAll(/^[ \t]+\S[^:\r\n]*:[ \t]+([0-9a-f]+)\b/gim)];
  return Number(state?.[1]);
}

/**
 * By their numbers from 1: stopped, start pending, stop pending, running, continue, pause pending, paused.
 */
const states = ['stopped', 'running', 'stopped', 'running', 'running', 'paused', 'paused'] as const;
export type ServiceState = (typeof states)[number];

const startWords: Readonly<Record<Startup, string>> = {
  automatic: 'auto',
  delayed: 'delayed-auto',
  manual: 'demand',
  disabled: 'disabled',
};

export async function setStartup(io: WriteIo, name: string, startup: Startup): Promise<void> {
  await io.step(`sc config ${name}`);
  const args = ['config', name, 'start=', startWords[startup]];
  await runTool(io, tool, scCommand(io, args), `configuring the service ${name} failed`);
}

/** Starts a service; one that runs is fine. */
export async function startService(io: WriteIo, name: string): Promise<void> {
  await io.step(`sc start ${name}`);
  const what = `starting the service ${name} failed`;
  await runTool(io, tool, scCommand(io, ['start', name]), what, [codes.alreadyRuns]);
  await reach(io, name, 'running');
}

/** Stops a service; one that doesn't run is fine, one that others need isn't. */
export async function stopService(io: WriteIo, name: string): Promise<void> {
  await io.step(`sc stop ${name}`);
  const what = `stopping the service ${name} failed`;
  await runTool(io, tool, scCommand(io, ['stop', name]), what, [codes.notRunning]);
  await reach(io, name, 'stopped');
}

/** Stops and starts a service, and those that run and need it. */
export async function restartService(io: WriteIo, name: string): Promise<void> {
  // Windows gives them in the order in which they can be stopped; without room for all it gives none.
  const { stdout } = await sc(io, ['enumdepend', name, '65536']);
  const needing = inBlocks(stdout).flatMap(([one, state]) => (state === 'running' ? [one] : []));
  for (const one of [...needing, name]) await stopService(io, one);
  for (const one of [name, ...needing.toReversed()]) await startService(io, one);
}

/** sc.exe returns while the service is on its way. */
async function reach(io: WriteIo, name: string, wanted: 'running' | 'stopped'): Promise<void> {
  const numbers = { stopped: 1, running: 4 };
  const hint = "Windows' event log says more";
  const look = async (): Promise<true | undefined> => {
    const state = numberIn((await sc(io, ['query', name])).stdout);
    if (state === numbers[wanted]) return true;
    if (state !== numbers.stopped) return undefined;
    const what = `the service ${name} is not ${wanted}: it has stopped by itself`;
    throw new Failure(world('service-stuck', what, { hint }));
  };
  const what = `the service ${name} to be ${wanted}`;
  await until(io.clock, look, { every: pause, atMost: patience, what, signal: io.signal, hint });
}

const tool: Tool = {
  name: 'sc',
  failed: 'service-refused',
  hint: "Windows' event log says more",
  exits: {
    5: { why: 'access is denied', hint: 'run as an administrator or as SYSTEM' },
    [codes.disabled]: {
      why: 'it is disabled, or has no enabled device',
      hint: 'give it another `startup:`',
    },
    [codes.notThere]: { why: 'there is no such service', hint: 'name what installs it with `require:`' },
    1051: { why: 'services that run need it', hint: 'stop them first' },
    1068: { why: 'a service that it needs did not start' },
    1069: { why: 'its account could not log on', hint: 'see its account and password' },
    1072: {
      why: 'it is about to be deleted',
      hint: 'close the console of services, or restart the machine',
    },
  },
};
