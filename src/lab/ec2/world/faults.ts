import { checkFaultRule, type FaultKind, stillWaiting } from '../../model/fault-rule.ts';

/**
 * What to do to the next `times` calls of EC2 that fit (default 1).
 * `throttled`, `internal-error`, `access-denied`, `reset`: instead of doing it; `refused`: likewise, with the
 * error `code` and `message`; `lost-answer`: it is done, and the connection drops. `operation`: only this
 * one. `capacity`: no room for an instance of `type` in `zone` (all where left out). `refused` and
 * `capacity` strike at a dry run only with `as: dry-run`, and then at nothing else: EC2 promises no word
 * about room before a launch. `import-fails`: with `message`. `replace-fails`: a root replacement ends as
 * `state`, failed (default) or failed-detached. `snapshot-fails`: the next snapshot that is completed or
 * taken ends in error. `clear`: no fault is armed any more.
 */
export interface Ec2Fault {
  kind:
    | 'throttled'
    | 'internal-error'
    | 'access-denied'
    | 'reset'
    | 'refused'
    | 'lost-answer'
    | 'capacity'
    | 'import-fails'
    | 'replace-fails'
    | 'snapshot-fails'
    | 'clear';
  operation?: string;
  type?: string;
  zone?: string;
  code?: string;
  message?: string;
  state?: 'failed' | 'failed-detached';
  as?: 'dry-run';
  times?: number;
}

const takes = ['operation'];
const ofEc2: Record<Ec2Fault['kind'], FaultKind> = {
  throttled: { takes },
  'internal-error': { takes },
  'access-denied': { takes },
  reset: { takes },
  refused: { needs: ['code'], takes: [...takes, 'message', 'as'] },
  'lost-answer': { takes },
  capacity: { takes: ['type', 'zone', 'as'] },
  'import-fails': { takes: ['message'] },
  'replace-fails': { takes: ['state'] },
  'snapshot-fails': {},
  clear: {},
};
/** Faults of a call whatever it is for; the others are asked for by name where they strike. */
export const callFaults = [
  'throttled',
  'internal-error',
  'access-denied',
  'reset',
  'refused',
  'lost-answer',
] as const;
/** Those that a dry run doesn't meet unless it is said. */
const ofDryRuns: ReadonlySet<Ec2Fault['kind']> = new Set(['refused', 'capacity']);
const { capacity: _, 'import-fails': __, 'replace-fails': ___, ...ofEbs } = ofEc2;

export class Ec2Faults {
  readonly #system: 'ec2' | 'ebs';
  #rules: { rule: Ec2Fault; left: number }[] = [];
  constructor(system: 'ec2' | 'ebs') {
    this.#system = system;
  }

  /** Throws a Failure for a rule that it doesn't know. */
  add(rule: Ec2Fault): void {
    checkFaultRule(this.#system, rule, this.#system === 'ec2' ? ofEc2 : ofEbs);
    if (rule.kind === 'clear') this.#rules = [];
    else this.#rules.push({ rule, left: rule.times ?? 1 });
  }

  /** Those that didn't strike yet. */
  waiting(): Ec2Fault[] {
    return stillWaiting(this.#rules);
  }

  /** The first rule of one of these kinds that fits `values`, counted down. */
  take(kinds: readonly Ec2Fault['kind'][], values: Readonly<Record<string, string>>): Ec2Fault | undefined {
    const hit = this.#rules.find(
      ({ rule }) =>
        kinds.includes(rule.kind) &&
        (!ofDryRuns.has(rule.kind) || rule.as === values.as) &&
        (['operation', 'type', 'zone'] as const).every(
          name => rule[name] === undefined || rule[name] === values[name],
        ),
    );
    if (hit && --hit.left <= 0) this.#rules = this.#rules.filter(each => each !== hit);
    return hit?.rule;
  }
}
