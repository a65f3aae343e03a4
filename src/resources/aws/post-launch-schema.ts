import { Type } from 'typebox';
import { suggest } from '../../diagnostics/nearest.ts';
import { mistake } from '../../engine/model/mistakes.ts';
import type { Mistake } from '../../engine/model/resource-type.ts';
import type { PlanProperties } from '../../recovery/model/plan.ts';

/** `post_launch` of a `recovery_plan`. */
export const postLaunchSchema = Type.Array(
  Type.Object(
    {
      manifests: Type.String({
        minLength: 1,
        description:
          'File or folder of manifests, from the file that declares the plan. They are checked with it, and kept with each recovery point; the machine has a copy of its own, which the modules `ec2_ready_linux` and `ec2_ready_windows` put there while it is healthy.',
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
          description: 'How long a machine may take, from when it runs; `10m` when left out.',
        }),
      ),
      noop: Type.Optional(
        Type.Boolean({ description: 'The machine reports what it would change, and changes nothing.' }),
      ),
    },
    { additionalProperties: false },
  ),
  {
    minItems: 1,
    description:
      'By which manifests recovered machines converge themselves when they have started. Each says on its serial console what came of it; one that says nothing in time is "not run", which is never a pass.',
  },
);

/** Machines that the plan hasn't, and those for which two entries are meant. */
export function wrongPostLaunch({
  groups,
  post_launch = [],
}: Pick<PlanProperties, 'groups' | 'post_launch'>): Mistake[] {
  const known = groups.flatMap(({ targets }) => targets);
  const meant = new Map<string, number>();
  return post_launch.flatMap(({ targets }, n) =>
    (targets ?? known).flatMap((vm, t) => {
      const at = targets ? `/post_launch/${n}/targets/${t}` : `/post_launch/${n}`;
      const key = vm.toLowerCase();
      if (!known.some(other => other.toLowerCase() === key)) {
        const hint = suggest(vm, known) ?? 'name machines of its groups';
        return [mistake(at, 'post-launch-target', `the plan has no machine ${vm}`, hint)];
      }
      const other = meant.get(key);
      meant.set(key, other ?? n);
      if (other === undefined) return [];
      const message = `${vm} has post-launch manifests already, by entry ${other + 1}`;
      return [mistake(at, 'post-launch-target', message, 'name each machine once, by `targets`')];
    }),
  );
}
