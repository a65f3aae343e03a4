import type { Lifecycle } from '../../aws/buckets.ts';
import { parseDuration } from '../../io/duration.ts';
import type { LifecycleProperties } from './bucket-schema.ts';

/** Canonical: whole days, `7d`. */
export type LifecycleState = LifecycleProperties;

type Rule = Lifecycle['rules'][number];

/** How a property is written as a rule. `id` marks the rule as ours; the others are left alone. */
interface Ours {
  property: keyof LifecycleProperties;
  id: string;
  write(days: number): Partial<Rule>;
  /** Days; undefined when the rule doesn't do what the property says. */
  read(rule: Rule): number | undefined;
}

const ours: Ours[] = [
  {
    property: 'abort_incomplete_uploads',
    id: 'converge-abort-incomplete-uploads',
    write: days => ({ AbortIncompleteMultipartUpload: { DaysAfterInitiation: days } }),
    read: rule => rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation,
  },
  {
    property: 'expire_old_versions',
    id: 'converge-expire-old-versions',
    write: days => ({ NoncurrentVersionExpiration: { NoncurrentDays: days } }),
    // One that keeps some versions for good does something else.
    read: ({ NoncurrentVersionExpiration: old }) =>
      old?.NewerNoncurrentVersions === undefined ? old?.NoncurrentDays : undefined,
  },
];

const dayMs = 86_400_000;

/** S3 counts in whole days. Undefined for anything else. */
export function wholeDays(duration: string): number | undefined {
  const days = (parseDuration(duration) ?? 0) / dayMs;
  return Number.isInteger(days) && days > 0 ? days : undefined;
}

export function desiredLifecycle(properties: LifecycleProperties): LifecycleState {
  const state: LifecycleState = {};
  for (const { property } of ours) {
    const days = wholeDays(properties[property] ?? '');
    if (days !== undefined) state[property] = `${days}d`;
  }
  return state;
}

/** A rule of ours that somebody disabled or narrowed isn't in force, and so isn't there. */
export function lifecycleState({ rules }: Lifecycle): LifecycleState {
  const state: LifecycleState = {};
  for (const { id, property, read } of ours) {
    const rule = rules.find(each => each.ID === id);
    const whole =
      rule?.Status === 'Enabled' && (rule.Filter?.Prefix ?? rule.Prefix ?? '') === '' && !rule.Filter?.And;
    const days = rule && whole ? read(rule) : undefined;
    if (days !== undefined) state[property] = `${days}d`;
  }
  return state;
}

/** The bucket's rules with ours put in as `should` says; rules of others stay as they are, in their order. */
export function withOurs(is: Lifecycle, should: LifecycleState): Lifecycle {
  const replaced = ours.filter(({ property }) => should[property] !== undefined);
  const others = is.rules.filter(rule => !replaced.some(({ id }) => id === rule.ID));
  const added = replaced.map(
    ({ id, property, write }): Rule => ({
      ID: id,
      Status: 'Enabled',
      Filter: { Prefix: '' },
      ...write(wholeDays(should[property] ?? '') ?? 0),
    }),
  );
  return { ...is, rules: [...others, ...added] };
}
