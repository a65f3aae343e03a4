import Type from 'typebox';
import { Failure } from '../../diagnostics/diagnostic.ts';
import type { ReadIo, WriteIo } from '../../engine/model/io.ts';
import { mistake } from '../../engine/model/mistakes.ts';
import type { BuiltInType } from '../../engine/model/resource-type.ts';
import type { Command } from '../../io/ports.ts';
import { runTool, type Tool, toolFailure } from '../../programs/run-tool.ts';
import { registryClaim } from '../../windows/registry/registry-claim.ts';
import { system32 } from '../../windows/tools/programs.ts';
import { eachStep } from '../shared/each-step.ts';
import { chosen, type Declaration, declarationToManifest } from '../shared/list-declarations.ts';
import { oneDiagnostic } from '../shared/one-diagnostic.ts';
import { writesSettings } from '../shared/realms.ts';
import { contentClaim } from './paths/path-claims.ts';

export interface TimezoneState {
  zone: string;
}

/** Milliseconds. */
const timeout = 60_000;

const schema = Type.Object(
  {
    zone: Type.Optional(
      Type.String({ description: 'The time zone, when the title is only a name.', minLength: 1 }),
    ),
  },
  { additionalProperties: false },
);

export const timezone: BuiltInType<typeof schema, TimezoneState, Declaration> = {
  name: 'timezone',
  doc: `The time zone of this host. The title is its id: \`W. Europe Standard Time\` on Windows (\`tzutil /l\` lists them,
\`_dstoff\` behind one turns daylight saving off), \`Europe/Berlin\` on Linux, where \`timedatectl\` sets it.

Programs that run already may keep the old one until they are started again.`,
  version: 1,
  schema,
  runs: { on: 'host', platforms: ['win32', 'linux'], elevated: true },
  realm: { name: 'timezone', concurrency: 1, alsoDirties: writesSettings('timezone') },
  canBeAbsent: false,
  check({ zone }, title, { platform }) {
    const id = zoneOf(zone, title);
    const isZone = platform === 'win32' ? /^[^\p{Cc}"/]{1,128}$/u : /^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/;
    if (isZone.test(id) && !id.startsWith('-')) return [];
    const hint = `\`${platform === 'win32' ? 'tzutil /l' : 'timedatectl list-timezones'}\` lists them`;
    return [mistake(zone ? '/zone' : '', 'wrong-name', `\`${id}\` can't be a time zone`, hint)];
  },
  identity: ({ zone }, title) => zoneOf(zone, title),
  claims: (_, __, { platform }) => [
    { what: 'the time zone of the host', pointer: '' },
    ...(platform === 'win32'
      ? zoneValues.map(name => registryClaim({ key: zoneKey, name }))
      : [contentClaim('/etc/localtime')]),
  ],
  desired: (_, id) => ({ zone: id }),
  async observe(asked, io) {
    try {
      const zone = await readZone(io);
      const same = (id: string) => io.platform === 'win32' && id.toLowerCase() === zone.toLowerCase();
      return new Map(
        asked.map(({ id }) => [id, { state: 'present', value: { zone: same(id) ? id : zone } }]),
      );
    } catch (error) {
      io.signal.throwIfAborted();
      const diagnostic = oneDiagnostic(error);
      return new Map(asked.map(({ id }) => [id, { state: 'failed', diagnostic }]));
    }
  },
  async *list(query, io) {
    yield* chosen([{ title: await readZone(io), properties: {} }], query, 'time zone');
  },
  toManifest: declarationToManifest,
  apply: (steps, io) => eachStep(steps, ({ id }) => writeZone(io, id)),
};

const zoneOf = (zone: string | undefined, title: string): string => zone || title;

/** Where Windows keeps what tzutil.exe sets. */
const zoneKey = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\TimeZoneInformation';
const zoneValues = [
  'TimeZoneKeyName',
  'Bias',
  'StandardName',
  'StandardBias',
  'DaylightName',
  'DaylightBias',
  'DynamicDaylightTimeDisabled',
];

const reading = (io: ReadIo): Command =>
  io.platform === 'win32'
    ? { file: system32(io, 'tzutil.exe'), args: ['/g'], timeout }
    : { file: '/usr/bin/timedatectl', args: ['show', '--property=Timezone', '--value'], timeout };

async function readZone(io: ReadIo): Promise<string> {
  const what = "the time zone can't be read";
  const result = await runTool(io, toolOf(io), reading(io), what);
  const zone = result.stdout.trim();
  if (zone === '') throw new Failure(toolFailure(toolOf(io), what, result));
  return zone;
}

async function writeZone(io: WriteIo, zone: string): Promise<void> {
  await io.step(`time zone ${zone}`);
  const { file } = reading(io);
  const args = io.platform === 'win32' ? ['/s', zone] : ['set-timezone', zone];
  await runTool(io, toolOf(io), { file, args, timeout }, `the time zone can't be set to ${zone}`);
}

const toolOf = ({ platform }: Pick<ReadIo, 'platform'>): Tool => ({
  name: platform === 'win32' ? 'tzutil' : 'timedatectl',
  failed: 'timezone-refused',
  hint: 'see whether this host knows the zone: `tzutil /l` on Windows, `timedatectl list-timezones` on Linux',
  words: ['stderr'],
});
