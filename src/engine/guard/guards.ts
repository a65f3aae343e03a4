import { blocked, type Diagnostic, Failure, given } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { Address, Policy } from '../model/catalog.ts';
import { isPending, type Plan, type PlannedResource } from '../model/plan.ts';
import { heldBackBy, leftOut } from './apart.ts';

/** Addresses that may weaken protection in this run: `--allow`. */
export type Allowed = readonly Address[];

/** Throws a Failure (given) when an allowed address is none of the plan's. */
export function requireKnown({ resources }: Plan, allowed: Allowed): void {
  const addresses = new Set(resources.map(({ address }) => address));
  const wrong = allowed.filter(address => !addresses.has(address));
  if (wrong.length === 0) return;
  throw new Failure(
    wrong.map(address =>
      given('nothing-allowed', `--allow ${address}: the plan has no such resource`, {
        hint: suggest(address, addresses) ?? '--allow takes one address, `type:title`, as the plan shows it',
      }),
    ),
  );
}

/** What keeps a resource of the plan from being changed at all; undefined when nothing does. */
export function guardOf(planned: PlannedResource, allowed: Allowed): Diagnostic | undefined {
  const { address, action, fields, meta, at } = planned;
  if (!isGuarded(planned, allowed) || heldBackBy(planned).size > 0) return undefined;
  const details = { address, at, hint: `if that is what you want: --allow ${address}` };
  if (action === 'delete') {
    const why = meta.protect ? 'it is declared `protect: true`' : `a \`${planned.type}\` keeps data safe`;
    return blocked('protected', own`\`${address}\` is not deleted: ${why}`, details);
  }
  const weaker = fields.filter(({ grade }) => grade === 'weakens').map(({ path }) => `\`${path.slice(1)}\``);
  return blocked(
    'weakens-protection',
    `\`${address}\` is not changed: ${weaker.join(', ')} would weaken protection`,
    details,
  );
}

const isGuarded = (planned: PlannedResource, allowed: Allowed): boolean =>
  planned.grade === 'weakens' && isPending(planned) && !allowed.includes(planned.address);

/** What is left out of the change of a resource, by the names of properties; empty when that is nothing. */
export const heldBackOf = (planned: PlannedResource, allowed: Allowed): ReadonlySet<string> =>
  isGuarded(planned, allowed) ? heldBackBy(planned) : new Set();

/** The plan is refused as a whole when it does more than `policy` says: one error per limit. */
export function overBudget({ resources, policy = {} }: Plan): Diagnostic[] {
  const pending = resources.filter(isPending).filter(({ action }) => action !== 'refresh');
  const deletes = pending.filter(({ action }) => action === 'delete');
  const over = (limit: number | undefined, count: number, name: string, what: string) =>
    limit === undefined || count <= limit
      ? []
      : [
          blocked(
            'over-budget',
            `the plan has ${count} ${what}, and \`policy: { ${name}: ${limit} }\` allows ${limit}: nothing of it is done`,
            { hint: 'apply it in parts with --only, or raise the limit in the manifest' },
          ),
        ];
  return [
    ...over(policy.max_changes, pending.length, 'max_changes', 'changes'),
    ...over(policy.max_deletes, deletes.length, 'max_deletes', 'deletions'),
  ];
}

/** How many changes more than those planned `policy` allows. */
export const spareChanges = ({ resources, policy = {} }: Plan): number =>
  policy.max_changes === undefined
    ? Number.POSITIVE_INFINITY
    : policy.max_changes - resources.filter(one => isPending(one) && one.action !== 'refresh').length;

/** What the budget says about a change that became needed while a plan was applied, and has no room for. */
export const beyondBudget = ({ address, at }: PlannedResource, { max_changes }: Policy): Diagnostic =>
  blocked(
    'over-budget',
    `\`${address}\` is not changed: the plan didn't have it, and \`policy: { max_changes: ${max_changes} }\` leaves no room for one more`,
    { address, at, hint: 'plan again, and apply that plan' },
  );

/** All that guards say about a plan, for a command that only shows it. */
export const guardsOf = (plan: Plan, allowed: Allowed): Diagnostic[] => [
  ...overBudget(plan),
  ...plan.resources.flatMap(planned => {
    const names = heldBackOf(planned, allowed);
    return guardOf(planned, allowed) ?? (names.size > 0 ? leftOut(planned, names) : []);
  }),
];
