import { Type } from 'typebox';
import { suggest } from '../../diagnostics/nearest.ts';
import { mistake } from '../../engine/model/mistakes.ts';
import type { Mistake } from '../../engine/model/resource-type.ts';
import { type PlanProperties, PROBES, type ProbeProperties } from '../../recovery/model/plan.ts';
import { oneOf } from '../shared/schema-parts.ts';

/** `probes` of a `recovery_plan`. */
export const probesSchema = Type.Array(
  Type.Object(
    {
      probe: oneOf(PROBES, {
        description:
          "What is looked at: `status` (EC2's own two checks), `console` (the text on its serial port), `picture` (of its screen, kept for people), `tcp` or `http`. The first three run in EC2, the last two from the machine that converge runs on.",
      }),
      targets: Type.Optional(
        Type.Array(Type.String({ minLength: 1 }), {
          minItems: 1,
          description: 'For these machines of the plan alone.',
        }),
      ),
      within: Type.Optional(
        Type.String({
          format: 'duration',
          description: 'How long it may take to pass, from when the machine runs; `15m` when left out.',
        }),
      ),
      text: Type.Optional(
        Type.String({ minLength: 1, description: '`console`: text that has to be there.' }),
      ),
      port: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 65_535, description: '`tcp`; and `http`, 80 when left out.' }),
      ),
      path: Type.Optional(
        Type.String({
          pattern: '^/[!-~]*$',
          description: '`http`: path and query, `/` when left out. No redirect is followed.',
        }),
      ),
      status: Type.Optional(
        Type.Integer({ minimum: 100, maximum: 599, description: '`http`: its status, 200 when left out.' }),
      ),
      contains: Type.Optional(
        Type.String({ minLength: 1, description: '`http`: text within the first MiB of the answer.' }),
      ),
    },
    { additionalProperties: false },
  ),
  {
    description:
      "What tells that a machine is well. EC2's own two checks are always made; without any probe a machine with Windows has to take connections at TCP port 3389 as well.",
  },
);

type Kind = ProbeProperties['probe'];

/** Which properties a kind takes, beside those that all do, and which of them it can't do without. */
const takes: Record<Kind, { may: string[]; must: string[] }> = {
  status: { may: [], must: [] },
  console: { may: ['text'], must: ['text'] },
  picture: { may: [], must: [] },
  tcp: { may: ['port'], must: ['port'] },
  http: { may: ['port', 'path', 'status', 'contains'], must: [] },
};
const always = ['probe', 'targets', 'within'];

/** Properties of another kind of probe, those that are missing, and machines that the plan hasn't. */
export function wrongProbes({ groups, probes = [] }: Pick<PlanProperties, 'groups' | 'probes'>): Mistake[] {
  const known = groups.flatMap(({ targets }) => targets);
  return probes.flatMap((one, n) => {
    const at = `/probes/${n}`;
    const { may, must } = takes[one.probe];
    const foreign = Object.keys(one).filter(key => !always.includes(key) && !may.includes(key));
    const missing = must.filter(key => !(key in one));
    return [
      ...foreign.map(key =>
        mistake(`${at}/${key}`, 'probe-property', `a probe \`${one.probe}\` has no \`${key}\``, hintFor(key)),
      ),
      ...missing.map(key =>
        mistake(at, 'probe-property', `a probe \`${one.probe}\` needs \`${key}\``, `add \`${key}\``),
      ),
      ...(one.targets ?? []).flatMap((vm, t) => {
        if (known.some(other => other.toLowerCase() === vm.toLowerCase())) return [];
        const hint = suggest(vm, known) ?? 'name machines of its groups';
        return mistake(`${at}/targets/${t}`, 'probe-target', `the plan has no machine ${vm}`, hint);
      }),
    ];
  });
}

function hintFor(key: string): string {
  const kinds = (Object.keys(takes) as Kind[]).filter(kind => takes[kind].may.includes(key));
  return `take it out; \`${key}\` goes with ${kinds.map(kind => `\`${kind}\``).join(' and ')}`;
}
