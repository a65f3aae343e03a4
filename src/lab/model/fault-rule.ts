import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';

/** What a kind of fault must be told, and what it may be told besides `times`. */
export interface FaultKind {
  needs?: readonly string[];
  takes?: readonly string[];
}

/** What is left of rules that were counted down, for the process that opens the lab next. */
export const stillWaiting = <R extends object>(rules: readonly { rule: R; left: number }[]): R[] =>
  rules.map(({ rule, left }) => ({ ...rule, times: left }));

/**
 * Refuses a rule that would do nothing or something else than was meant: rules come from command lines.
 * Throws a Failure (given) with the nearest names.
 */
export function checkFaultRule(
  system: string,
  rule: { kind: string; times?: number },
  kinds: Readonly<Record<string, FaultKind>>,
): void {
  const kind = Object.hasOwn(kinds, rule.kind) ? kinds[rule.kind]! : undefined;
  if (!kind) {
    const hint = suggest(String(rule.kind), Object.keys(kinds)) ?? '';
    throw new Failure(given('fault-kind', `${system} has no fault \`${rule.kind}\``, { hint }));
  }
  const missing = (kind.needs ?? []).filter(name => !(name in rule));
  if (missing.length > 0) {
    throw new Failure(
      given('fault-rule', `the fault \`${rule.kind}\` needs ${missing.join(', ')}`, {
        hint: `give it with --set ${missing[0]}=VALUE`,
      }),
    );
  }
  const known = ['kind', 'times', ...(kind.needs ?? []), ...(kind.takes ?? [])];
  const unknown = Object.keys(rule).find(name => !known.includes(name));
  if (unknown !== undefined) {
    const details = known.slice(2);
    throw new Failure(
      given('fault-rule', `the fault \`${rule.kind}\` of ${system} has no detail \`${unknown}\``, {
        hint: details.length > 0 ? (suggest(unknown, details) ?? '') : 'it takes none but --times',
      }),
    );
  }
  if (rule.times !== undefined && !(Number.isSafeInteger(rule.times) && rule.times > 0)) {
    throw new Failure(given('fault-rule', '--times takes a whole number from 1 on'));
  }
}
