import Type, { type Static } from 'typebox';
import type { ReadIo, WriteIo } from '../../../engine/model/io.ts';
import { mistake } from '../../../engine/model/mistakes.ts';
import type {
  Asked,
  BuiltInType,
  Id,
  Mistake,
  Observation,
  Step,
} from '../../../engine/model/resource-type.ts';
import { registryClaim } from '../../../windows/registry/registry-claim.ts';
import {
  inKey,
  readServiceStates,
  readStartups,
  restartService,
  setStartup,
  startService,
  stopService,
} from '../../../windows/services/services.ts';
import { eachStep, isChanged } from '../../shared/each-step.ts';
import { type Declaration, declarationToManifest } from '../../shared/list-declarations.ts';
import { oneDiagnostic } from '../../shared/one-diagnostic.ts';
import { writesSettings } from '../../shared/realms.ts';
import { oneOf } from '../../shared/schema-parts.ts';
import { withoutIis } from '../../windows/iis/iis-object.ts';
import { listServices } from './list-services.ts';
import type { ServiceState } from './service-state.ts';
import { control, readUnits, restartUnit, setUnitStartup, unitOf } from './systemd.ts';

const words = <const W extends readonly string[]>(names: W, description: string) =>
  Type.Optional(oneOf(names, { description }));

const schema = Type.Object(
  {
    startup: words(
      ['automatic', 'delayed', 'manual', 'disabled'],
      'Whether it starts with the machine, some minutes later (on Windows alone), when somebody starts it, or never.',
    ),
    state: words(['running', 'stopped'], 'Whether it runs now.'),
  },
  { additionalProperties: false },
);

/** As written. */
export type ServiceProperties = Static<typeof schema>;

export const service: BuiltInType<typeof schema, ServiceState, Declaration> = {
  name: 'service',
  doc: `A service of Windows, or a unit of systemd. The title is its name, not the one it is displayed by.

It is configured, not made: a feature, a package or a program does that. A notification restarts it while it runs,
on Windows with those that need it. \`disabled\` is a service that can't be started, which systemd calls masked.`,
  version: 1,
  schema,
  runs: { on: 'host', platforms: ['win32', 'linux'], elevated: true },
  realm: { name: 'services', concurrency: 4, alsoDirties: writesSettings('services') },
  canBeAbsent: false,
  check: ({ startup, state }, title, { platform }) => [
    ...nameMistakes(title, platform),
    ...(startup === 'disabled' && state === 'running'
      ? [
          mistake(
            '/state',
            'bad-service',
            `the service \`${title}\` can't run while it is disabled`,
            'write `startup: manual` or `state: stopped`',
          ),
        ]
      : []),
    ...(startup === 'delayed' && platform !== 'win32'
      ? [
          mistake(
            '/startup',
            'bad-service',
            `the service \`${title}\` can't start delayed: systemd has no such thing`,
            'write `startup: automatic`',
          ),
        ]
      : []),
  ],
  identity: (_, title, { platform }) => (platform === 'win32' ? title.toLowerCase() : unitOf(title)),
  claims: ({ startup }, id, { platform }) =>
    platform === 'win32' && startup !== undefined
      ? ['Start', 'DelayedAutostart'].map(name => registryClaim(inKey(id, name), '/startup'))
      : [],
  provides: (_, id) => [`service:${id}`],
  needs: (_, id) => [{ anyOf: [`service:${id}`, ...(ofIis.includes(id) ? ['iis'] : [])] }],
  desired: properties => ({ ...properties }),
  async observe(asked, io) {
    try {
      const states =
        io.platform === 'win32'
          ? await readServices(asked, io)
          : await readUnits(
              io,
              asked.map(({ id }) => id),
            );
      return new Map(asked.map(({ id }) => [id, look(id, states)]));
    } catch (error) {
      io.signal.throwIfAborted();
      const diagnostic = oneDiagnostic(error);
      return new Map(asked.map(({ id }) => [id, { state: 'failed', diagnostic }]));
    }
  },
  list: listServices,
  toManifest: declarationToManifest,
  apply: (steps, io) =>
    eachStep(steps, step => (io.platform === 'win32' ? actOnWindows(step, io) : actOnUnit(step, io))),
  async refresh({ id, title }, io) {
    const states =
      io.platform === 'win32' ? await readServices([{ id, title }], io) : await readUnits(io, [id]);
    if (states.get(id)?.state !== 'running') return { ok: true, note: 'not running, so not restarted' };
    try {
      await (io.platform === 'win32' ? restartService(io, title) : restartUnit(io, id));
      return { ok: true, note: 'restarted' };
    } catch (error) {
      io.signal.throwIfAborted();
      return { ok: false, diagnostic: oneDiagnostic(error), retry: 'safe', undone: false };
    }
  },
};

function nameMistakes(title: string, platform: NodeJS.Platform): Mistake[] {
  const isName = platform === 'win32' ? /^[^\\/\p{Cc}]{1,256}$/u : /^[A-Za-z0-9:_.@\\-]{1,255}$/;
  if (isName.test(title) && !title.startsWith('-')) return [];
  return [mistake('', 'wrong-name', `\`${title}\` can't be the name of a service`)];
}

const ofIis: readonly Id[] = ['w3svc', 'was', 'iisadmin'];

/** What installs a service: the file of a unit; the rest only \`require\` can say. */
const broughtBy = (id: Id): string[] =>
  id.includes('.') ? unitFolders.map(folder => `path:${folder}/${id}`) : [`service:${id}`];

const unitFolders = ['/etc/systemd/system', '/usr/local/lib/systemd/system', '/lib/systemd/system'];

/** What isn't there may be brought by something that is pending. */
function look(id: Id, states: ReadonlyMap<Id, ServiceState>): Observation<ServiceState> {
  const value = states.get(id);
  if (value) return { state: 'present', value };
  if (ofIis.includes(id)) return withoutIis;
  return {
    state: 'unknown',
    waitsFor: broughtBy(id)[0]!,
    hint: 'correct its name, or name what installs it with `require:`',
  };
}

async function readServices(
  asked: readonly Pick<Asked<ServiceProperties>, 'id' | 'title'>[],
  io: ReadIo,
): Promise<Map<Id, ServiceState>> {
  const startups = await readStartups(
    io,
    asked.map(({ title }) => title),
  );
  const states = await readServiceStates(io, [...startups.keys()]);
  const found = new Map<Id, ServiceState>();
  for (const { id, title } of asked) {
    const startup = startups.get(title);
    const state = states.get(title);
    if (startup !== undefined && state !== undefined) found.set(id, { startup, state });
  }
  return found;
}

type ServiceStep = Step<ServiceProperties, ServiceState>;

async function actOnWindows(step: ServiceStep, io: WriteIo): Promise<void> {
  if (step.kind === 'delete') return;
  const { title, properties } = step.asked;
  const { startup, state } = properties;
  if (startup !== undefined && isChanged(step, '/startup')) await setStartup(io, title, startup);
  if (state !== undefined && isChanged(step, '/state'))
    await (state === 'running' ? startService(io, title) : stopService(io, title));
}

async function actOnUnit(step: ServiceStep, io: WriteIo): Promise<void> {
  if (step.kind === 'delete') return;
  const { startup, state } = step.asked.properties;
  const wasMasked = step.kind === 'update' && step.is.startup === 'disabled';
  if (startup !== undefined && startup !== 'delayed' && isChanged(step, '/startup'))
    await setUnitStartup(io, step.id, startup, wasMasked);
  if (state !== undefined && isChanged(step, '/state'))
    await control(io, state === 'running' ? 'start' : 'stop', step.id);
}
