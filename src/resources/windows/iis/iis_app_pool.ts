import Type, { type Static } from 'typebox';
import { isSecretRef } from '../../../engine/model/catalog.ts';
import type { WriteIo } from '../../../engine/model/io.ts';
import { mistake } from '../../../engine/model/mistakes.ts';
import type { Asked, BuiltInType, Step } from '../../../engine/model/resource-type.ts';
import { parseDuration } from '../../../io/duration.ts';
import { child, childrenNamed, type XmlElement } from '../../../io/xml.ts';
import { change } from '../../../windows/iis/appcmd.ts';
import { canonicalValue, settingsOf } from '../../../windows/iis/settings.ts';
import { spanOf } from '../../../windows/iis/timespan.ts';
import { setIisSecret } from '../../../windows/tools/powershell.ts';
import { eachStep, isChanged } from '../../shared/each-step.ts';
import { type Declaration, declarationToManifest } from '../../shared/list-declarations.ts';
import { oneOf, secret } from '../../shared/schema-parts.ts';
import { desiredSet, readSet, setArguments, setMistakes, setSchema, spanMistakes } from './iis-attributes.ts';
import {
  declaredSettings,
  listOfPools,
  memberClaims,
  poolNamed,
  type Setting,
  setSettings,
  settingClaims,
} from './iis-claims.ts';
import {
  configurationOf,
  iisRealm,
  nameMistakes,
  needsIis,
  needsModule,
  observeObjects,
} from './iis-object.ts';
import { listPools } from './list-app-pools.ts';

interface Restart {
  time?: string;
  private_memory?: number;
  requests?: number;
  schedule?: string[];
}

/** The same; time spans and values of `set` in IIS's own form. */
export type AppPoolState = Omit<AppPoolProperties, 'set'> & { set?: Record<string, string> };

/** Our property, and the attribute that appcmd knows it by. */
const attributes = {
  managed_runtime_version: 'managedRuntimeVersion',
  managed_pipeline_mode: 'managedPipelineMode',
  enable_32_bit: 'enable32BitAppOnWin64',
  auto_start: 'autoStart',
  start_mode: 'startMode',
  identity_type: 'processModel.identityType',
  user_name: 'processModel.userName',
  idle_timeout: 'processModel.idleTimeout',
  queue_length: 'queueLength',
} as const;

const restartAttributes = {
  time: 'time',
  private_memory: 'privateMemory',
  requests: 'requests',
  schedule: 'schedule',
} as const;

const duration = (description: string) => Type.Optional(Type.String({ description, format: 'duration' }));

const schema = Type.Object(
  {
    managed_runtime_version: Type.Optional(
      Type.String({ description: "`v4.0`, `v2.0`, or '' for no managed code." }),
    ),
    managed_pipeline_mode: Type.Optional(
      Type.Union([Type.Literal('Integrated'), Type.Literal('Classic')], { description: 'How requests run.' }),
    ),
    enable_32_bit: Type.Optional(Type.Boolean({ description: '32-bit worker processes.' })),
    auto_start: Type.Optional(Type.Boolean({ description: 'Start with IIS.' })),
    start_mode: Type.Optional(
      Type.Union([Type.Literal('OnDemand'), Type.Literal('AlwaysRunning')], {
        description: 'When a worker process starts.',
      }),
    ),
    identity_type: Type.Optional(
      oneOf(['ApplicationPoolIdentity', 'LocalSystem', 'LocalService', 'NetworkService', 'SpecificUser'], {
        description: 'The account that worker processes run as.',
      }),
    ),
    user_name: Type.Optional(Type.String({ description: 'The account of `SpecificUser`.' })),
    password: Type.Optional(secret({ description: 'Its password.' })),
    idle_timeout: duration('A worker process without requests ends after it; `0s` never.'),
    queue_length: Type.Optional(
      Type.Integer({ minimum: 10, maximum: 65_535, description: 'Requests that wait.' }),
    ),
    periodic_restart: Type.Optional(
      Type.Object(
        {
          time: duration('Recycle after this time; `0s` never.'),
          private_memory: Type.Optional(
            Type.Integer({ minimum: 0, maximum: 4_294_967_295, description: 'KiB; 0 is no limit.' }),
          ),
          requests: Type.Optional(
            Type.Integer({ minimum: 0, maximum: 4_294_967_295, description: '0 is no limit.' }),
          ),
          schedule: Type.Optional(
            Type.Array(Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d(:00)?$' }), {
              description: 'Times of day, `03:30`.',
              'x-unordered': true,
            }),
          ),
        },
        { additionalProperties: false, description: 'When worker processes are recycled.' },
      ),
    ),
    state: Type.Optional(
      Type.Union([Type.Literal('started'), Type.Literal('stopped')], { description: 'Whether it runs now.' }),
    ),
    set: setSchema('failure.rapidFailProtection: false'),
  },
  { additionalProperties: false, dependencies: { user_name: ['identity_type'], password: ['user_name'] } },
);

/** As written. */
export type AppPoolProperties = Static<typeof schema>;

export const iisAppPool: BuiltInType<typeof schema, AppPoolState, Declaration> = {
  name: 'iis_app_pool',
  doc: `An application pool of IIS; the title is its name.

What isn't declared isn't managed. A password can't be read back: it is set again when the secret changes.`,
  version: 1,
  schema,
  runs: { on: 'host', platforms: ['win32'], elevated: true },
  realm: iisRealm,
  check: ({ idle_timeout: idle, periodic_restart: restart, set, identity_type, user_name }, title) => [
    ...(user_name === undefined || identity_type === 'SpecificUser'
      ? []
      : [
          mistake(
            '/user_name',
            'contradiction',
            `worker processes run as ${identity_type}, and as \`user_name\` with \`SpecificUser\` alone`,
            'write `identity_type: SpecificUser`, or remove `user_name` and `password`',
          ),
        ]),
    ...nameMistakes(title, 'an application pool', /[|<>&"/[\]+=;:,?*@]/),
    ...spanMistakes(
      [
        ['/idle_timeout', attributes.idle_timeout, idle],
        ['/periodic_restart/time', 'recycling.periodicRestart.time', restart?.time],
      ],
      set,
    ),
    ...setMistakes(set, {
      title: 'name',
      secret: 'write `password:` with a reference',
      rows: 'times of day are `periodic_restart: { schedule: [03:00] }`; `set` takes no rows',
    }),
  ],
  identity: (_, title) => title.toLowerCase(),
  needs: ({ password }) => [needsIis, ...(password === undefined ? [] : [needsModule])],
  claims: (properties, id) => [
    ...memberClaims(poolNamed(id), listOfPools),
    ...settingClaims(poolNamed(id), [
      ...declaredSettings(properties, { ...attributes, password: 'processModel.password' }),
      ...Object.keys(properties.periodic_restart ?? {}).map(
        (name): Setting => [
          `/periodic_restart/${name}`,
          `recycling.periodicRestart.${restartAttributes[name as keyof Restart]}`,
        ],
      ),
      ...setSettings(properties.set),
    ]),
  ],
  desired({ idle_timeout: idle, periodic_restart: restart, set, ...rest }) {
    return {
      ...rest,
      ...(idle !== undefined && { idle_timeout: span(idle) }),
      ...(restart && {
        periodic_restart: {
          ...restart,
          ...(restart.time !== undefined && { time: span(restart.time) }),
          ...(restart.schedule && { schedule: restart.schedule.map(canonicalValue).map(withSeconds) }),
        },
      }),
      ...(set && { set: desiredSet(set) }),
    };
  },
  observe: (asked, io) => observeObjects(asked, io, 'apppool', read),
  list: listPools,
  toManifest: declarationToManifest,
  apply: (steps, io) => eachStep(steps, step => act(step, io)),
  async refresh({ title }, io) {
    await change(io, ['recycle', 'apppool', `/apppool.name:${title}`]);
    return { ok: true, note: 'recycled' };
  },
};

/** Throws a Failure (given) for times that IIS refuses. */
const span = (text: string): string => spanOf(parseDuration(text) ?? 0);
const withSeconds = (time: string): string => (/^\d\d:\d\d$/.test(time) ? `${time}:00` : time);

function read({ properties }: Asked<AppPoolProperties>, element: XmlElement): AppPoolState {
  const pool = configurationOf(element);
  const settings = settingsOf(pool);
  const get = (name: string) => settings.get(name.toLowerCase());
  const flag = (name: string) => get(name)?.toLowerCase() === 'true';
  const restart = child(child(pool, 'recycling'), 'periodicRestart');
  const times = childrenNamed(child(restart, 'schedule'), 'add').map(
    row => row.attributes.get('value') ?? '',
  );
  return {
    managed_runtime_version: get('managedRuntimeVersion') ?? '',
    managed_pipeline_mode: get('managedPipelineMode') as 'Integrated',
    enable_32_bit: flag('enable32BitAppOnWin64'),
    auto_start: flag('autoStart'),
    start_mode: get('startMode') as 'OnDemand',
    identity_type: get('processModel.identityType') as 'LocalSystem',
    user_name: get('processModel.userName') ?? '',
    idle_timeout: canonicalValue(get('processModel.idleTimeout') ?? ''),
    queue_length: Number(get('queueLength')),
    periodic_restart: {
      time: canonicalValue(get('recycling.periodicRestart.time') ?? ''),
      private_memory: Number(get('recycling.periodicRestart.privateMemory')),
      requests: Number(get('recycling.periodicRestart.requests')),
      schedule: times.map(canonicalValue),
    },
    state: element.attributes.get('state')?.toLowerCase() === 'stopped' ? 'stopped' : 'started',
    ...(properties.set && { set: readSet(properties.set, get) }),
  };
}

async function act(step: Step<AppPoolProperties, AppPoolState>, io: WriteIo): Promise<void> {
  const { title } = step.asked;
  if (step.kind === 'delete') return change(io, ['delete', 'apppool', `/apppool.name:${title}`]);
  const settings = settingsFor(step);
  if (step.kind === 'create') await change(io, ['add', 'apppool', `/name:${title}`, ...settings]);
  else if (settings.length > 0) await change(io, ['set', 'apppool', `/apppool.name:${title}`, ...settings]);
  const { password } = step.should;
  if (isSecretRef(password) && isChanged(step, '/password')) {
    await io.step(`password of ${title}`);
    await setIisSecret(io, `IIS:\\AppPools\\${title}`, 'processModel.password', await io.secret(password));
  }
  // A new pool starts by itself unless `auto_start` is false.
  const { state } = step.should;
  const starts = step.kind === 'create' ? (step.should.auto_start ?? true) : step.is.state === 'started';
  if (state !== undefined && (state === 'started') !== starts)
    await change(io, [state === 'started' ? 'start' : 'stop', 'apppool', `/apppool.name:${title}`]);
}

/** Arguments for what differs; all of them for a new pool. */
function settingsFor(step: Exclude<Step<AppPoolProperties, AppPoolState>, { kind: 'delete' }>): string[] {
  const { should } = step;
  const differs = (pointer: string) => isChanged(step, pointer);
  const args: string[] = [];
  for (const [property, name] of Object.entries(attributes)) {
    const value = should[property as keyof typeof attributes];
    if (value !== undefined && differs(`/${property}`)) args.push(`/${name}:${value}`);
  }
  const { time, private_memory: memory, requests, schedule } = should.periodic_restart ?? {};
  const restart = 'recycling.periodicRestart';
  if (time !== undefined && differs('/periodic_restart/time')) args.push(`/${restart}.time:${time}`);
  if (memory !== undefined && differs('/periodic_restart/private_memory'))
    args.push(`/${restart}.privateMemory:${memory}`);
  if (requests !== undefined && differs('/periodic_restart/requests'))
    args.push(`/${restart}.requests:${requests}`);
  if (schedule && differs('/periodic_restart/schedule')) {
    const before = step.kind === 'update' ? (step.is.periodic_restart?.schedule ?? []) : [];
    for (const gone of before.filter(one => !schedule.includes(one)))
      args.push(`/-${restart}.schedule.[value='${gone}']`);
    for (const added of schedule.filter(one => !before.includes(one)))
      args.push(`/+${restart}.schedule.[value='${added}']`);
  }
  return [...args, ...setArguments(step)];
}
