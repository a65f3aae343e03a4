import Type, { type Static } from 'typebox';
import { Failure, world } from '../../../diagnostics/diagnostic.ts';
import { suggest } from '../../../diagnostics/nearest.ts';
import type { WriteIo } from '../../../engine/model/io.ts';
import type {
  Asked,
  BuiltInType,
  Id,
  Observation,
  Outcome,
  Step,
} from '../../../engine/model/resource-type.ts';
import { sectionCapability, sectionsOf } from '../../../windows/iis/sections.ts';
import { isEnabled, readFeatures, setFeatures } from '../../../windows/software/dism.ts';
import { dismNames } from '../../../windows/software/feature-names.ts';
import { type Declaration, declarationToManifest } from '../../shared/list-declarations.ts';
import { oneDiagnostic } from '../../shared/one-diagnostic.ts';
import { listFeatures } from './list-features.ts';

/** State of each declared feature, by DISM's name. */
export interface FeatureState {
  features: Record<string, string>;
}

const enabled = 'enabled';
const notKnown = 'not known here';

const schema = Type.Object(
  {
    names: Type.Optional(
      Type.Array(Type.String({ pattern: '^[A-Za-z0-9_.-]+$' }), {
        description:
          "The features, by DISM's names or by those of Install-WindowsFeature; the title when left out.",
        minItems: 1,
        'x-unordered': true,
      }),
    ),
    source: Type.Optional(
      Type.String({
        description: 'Installation media, for features whose files were removed from this Windows.',
        'x-path': 'host',
      }),
    ),
  },
  { additionalProperties: false },
);

/** As written. */
export type FeatureProperties = Static<typeof schema>;

export const windowsFeature: BuiltInType<typeof schema, FeatureState, Declaration> = {
  name: 'windows_feature',
  doc: `Features of Windows, enabled with what they need. The title is a feature, or a name for several in \`names\`.

One call of DISM reads all features, and one enables all that are missing. A feature that waits for a reboot
counts as enabled, and the run reports the reboot. \`ensure: absent\` disables them, and Windows with them what builds on them.`,
  version: 1,
  schema,
  runs: { on: 'host', platforms: ['win32'], elevated: true },
  realm: { name: 'dism', concurrency: 1, alsoDirties: ['*'] },
  identity: (properties, title) =>
    namesOf(properties, title)
      .map(name => name.toLowerCase())
      .sort()
      .join(' '),
  provides(properties, id) {
    const names = namesOf(properties, id).map(name => name.toLowerCase());
    // `/all` brings the parents: each of IIS's features brings IIS, and that its folders.
    const brings = names.some(name => name.startsWith('iis-')) ? iisBrings : [];
    return [
      ...names.map(name => `feature:${name}`),
      ...sectionsOf(names).map(({ name }) => sectionCapability(name)),
      ...brings,
    ];
  },
  claims: ({ names }, id) =>
    (names ?? id.split(' ')).flatMap((written, index) =>
      dismNames(written).map(name => ({
        what: `the feature ${name.toLowerCase()}`,
        pointer: names ? `/names/${index}` : '',
        evenAbsent: true as const,
      })),
    ),
  desired: (properties, id) => ({
    features: Object.fromEntries(namesOf(properties, id).map(name => [name, enabled])),
  }),
  async observe(asked, io) {
    const features = await readFeatures(io);
    const states = new Map([...features].map(([name, state]) => [name.toLowerCase(), state]));
    return new Map(asked.map(one => [one.id, look(one, states)]));
  },
  list: listFeatures,
  toManifest: declarationToManifest,
  apply: (steps, io) => enableAll(steps, io),
};

const iisBrings = ['iis', 'path:c:/inetpub', 'path:c:/inetpub/wwwroot', 'path:c:/windows/system32/inetsrv'];

/** DISM's names; `title` may be the identity, when that stands for the title alone. */
const namesOf = ({ names }: FeatureProperties, title: string): string[] => [
  ...new Set((names ?? title.split(' ')).flatMap(dismNames)),
];

function look(
  { id, properties }: Asked<FeatureProperties>,
  states: ReadonlyMap<string, string>,
): Observation<FeatureState> {
  const names = namesOf(properties, id);
  const is = names.map((name): [string, string] => {
    const state = states.get(name.toLowerCase());
    return [name, isEnabled(state) ? enabled : (state?.toLowerCase() ?? notKnown)];
  });
  return is.some(([, state]) => state === enabled)
    ? { state: 'present', value: { features: Object.fromEntries(is) } }
    : { state: 'absent' };
}

/** One call for everything; when it fails, one for each, so that a bad name costs nobody else anything. */
async function enableAll(
  steps: Step<FeatureProperties, FeatureState>[],
  io: WriteIo,
): Promise<Map<Id, Outcome>> {
  const outcomes = new Map<Id, Outcome>();
  const enabling = steps.filter(step => step.kind !== 'delete');
  const known = new Map([...(await readFeatures(io)).keys()].map(name => [name.toLowerCase(), name]));
  const wanted = new Map(
    enabling.map(step => [
      step,
      namesOf(step.asked.properties, step.id).filter(name => known.has(name.toLowerCase())),
    ]),
  );
  const sources = new Set(enabling.map(({ asked }) => asked.properties.source));
  let reboot = false;
  const whole = new Set<string | undefined>();
  for (const source of sources) {
    const names = enabling
      .filter(({ asked }) => asked.properties.source === source)
      .flatMap(step => wanted.get(step)!);
    if (names.length === 0) continue;
    await io.step(`dism enable ${names.join(' ')}`);
    const done = await attempt(() =>
      setFeatures(io, 'enable', [...new Set(names)], source === undefined ? {} : { source }),
    );
    if (done.ok) whole.add(source);
    reboot ||= done.reboot;
  }
  for (const step of enabling) {
    const { properties } = step.asked;
    const names = wanted.get(step)!;
    const unknown = namesOf(properties, step.id).filter(name => !known.has(name.toLowerCase()));
    const done =
      whole.has(properties.source) || names.length === 0
        ? { ok: true as const, reboot }
        : await attempt(() =>
            setFeatures(
              io,
              'enable',
              names,
              properties.source === undefined ? {} : { source: properties.source },
            ),
          );
    outcomes.set(step.id, outcomeOf(done, unknown, [...known.values()]));
  }
  for (const step of steps) {
    if (step.kind !== 'delete') continue;
    await io.step(`dism disable ${step.id}`);
    const done = await attempt(() => setFeatures(io, 'disable', namesOf(step.asked.properties, step.id)));
    outcomes.set(step.id, outcomeOf(done, [], []));
  }
  return outcomes;
}

type Attempt = { ok: true; reboot: boolean } | { ok: false; reboot: false; error: Failure };

async function attempt(act: () => Promise<{ reboot: boolean }>): Promise<Attempt> {
  try {
    return { ok: true, ...(await act()) };
  } catch (error) {
    if (error instanceof Failure) return { ok: false, reboot: false, error };
    throw error;
  }
}

function outcomeOf(done: Attempt, unknown: string[], known: string[]): Outcome {
  if (!done.ok) return { ok: false, diagnostic: oneDiagnostic(done.error), retry: 'safe', undone: false };
  if (unknown.length > 0) {
    const hint = suggest(unknown[0]!, known) ?? 'see `dism /online /get-features`';
    const diagnostic = world(
      'unknown-feature',
      `this Windows has no feature ${unknown.join(', ')}; the others were enabled`,
      { hint },
    );
    return { ok: false, diagnostic, retry: 'never', undone: false };
  }
  return { ok: true, ...(done.reboot && { reboot: 'pending' as const }) };
}
