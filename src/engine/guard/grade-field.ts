import { parseDuration } from '../../io/duration.ts';
import { longestGap, parseSchedule } from '../../schedule/schedule.ts';
import { canonicalJson } from '../model/canonical.ts';
import type { Json } from '../model/catalog.ts';
import type { Grade, PlannedField, Verdict } from '../model/plan.ts';
import type { AnyResourceType, FieldChange } from '../model/resource-type.ts';
import { type GradeRule, schemaAt } from '../model/schema-at.ts';
import type { Subject } from '../model/subject.ts';

/**
 * What a change of one property does to protection: as its type says, or the `x-grade` of its schema; neutral
 * without.
 */
export function gradeField(
  { schema }: AnyResourceType,
  { path, before, after, grade }: Pick<FieldChange, 'path' | 'before' | 'after' | 'grade'>,
): Grade {
  if (grade !== undefined) return grade;
  const rule = schemaAt(schema, path)?.['x-grade'];
  const more = rule === undefined ? 0 : strength(rule, before, after);
  return more > 0 ? 'strengthens' : more < 0 ? 'weakens' : 'neutral';
}

/** The field with its grade, when it has one. */
export function graded({ type }: Subject, field: PlannedField): PlannedField {
  const grade = gradeField(type, field);
  return grade === 'neutral' ? field : { ...field, grade };
}

/** The grade of all that happens to one resource: one weakening outweighs everything. */
export function gradeOf(
  { type, declared }: Subject,
  { action, fields }: Pick<Verdict, 'action' | 'fields'>,
): { grade?: Grade } {
  switch (action) {
    case 'none':
    case 'refresh':
    case 'failed':
      return {};
    case 'delete':
      return { grade: type.protects || declared.meta.protect ? 'weakens' : 'neutral' };
    case 'create':
    case 'unknown':
      return { grade: type.protects ? 'strengthens' : 'neutral' };
    case 'update': {
      const grades = fields.map(field => gradeField(type, field));
      return { grade: grades.find(is('weakens')) ?? grades.find(is('strengthens')) ?? 'neutral' };
    }
  }
}

const is = (wanted: Grade) => (grade: Grade) => grade === wanted;

/** Above zero: stronger; below: weaker; zero: the same, or nobody can tell. */
function strength(rule: GradeRule, before: Json | undefined, after: Json | undefined): number {
  if ('order' in rule) {
    const rank = (value: Json | undefined) =>
      rule.order.findIndex(known => canonicalJson([known]) === canonicalJson([value]));
    return rank(before) < 0 || rank(after) < 0 ? 0 : rank(after) - rank(before);
  }
  const sign = rule.weakens === 'increase' ? -1 : 1;
  if (Array.isArray(before ?? after) && Array.isArray(after ?? before))
    return sign * growth((before ?? []) as Json[], (after ?? []) as Json[], sign);
  const [from, to] = [amount(before), amount(after)];
  return from === undefined || to === undefined ? 0 : sign * (to - from);
}

/** 1 when members came, -1 when some went; of both, what weakens. */
function growth(before: readonly Json[], after: readonly Json[], sign: number): number {
  const missing = (from: readonly Json[], of: readonly Json[]) =>
    of.some(item => !from.some(other => canonicalJson([other]) === canonicalJson([item])));
  const [came, went] = [missing(before, after), missing(after, before)];
  if (came && went) return -sign;
  return came ? 1 : went ? -1 : 0;
}

function amount(value: Json | undefined): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  const duration = parseDuration(value);
  if (duration !== undefined) return duration;
  const schedule = parseSchedule(value);
  return schedule && longestGap(schedule);
}
