import { checkFaultRule, type FaultKind, stillWaiting } from '../model/fault-rule.ts';
import type { S3Request } from './protocol/request.ts';

/**
 * What to do to requests, for the next `times` of them that match (default 1). `key` and `bucket` are
 * globs (`*` anything, `?` one character); what is left out matches all.
 */
export interface FaultRule {
  method?: string;
  bucket?: string;
  key?: string;
  times?: number;
  /**
   * `slow-down` 503 and `internal-error` 500, without doing anything; `reset` drops the connection
   * before doing anything; `lost-answer` does it and drops the connection; `latency` waits `ms` of the lab's
   * clock. `clear` takes all rules back.
   */
  kind: 'slow-down' | 'internal-error' | 'reset' | 'lost-answer' | 'latency' | 'clear';
  ms?: number;
}

const which = ['method', 'bucket', 'key'];
const kinds: Record<FaultRule['kind'], FaultKind> = {
  'slow-down': { takes: which },
  'internal-error': { takes: which },
  reset: { takes: which },
  'lost-answer': { takes: which },
  latency: { takes: [...which, 'ms'] },
  clear: {},
};

const glob = (pattern: string) =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    'su',
  );

export class Faults {
  #rules: { rule: FaultRule; left: number }[] = [];

  /** Throws a Failure for a rule that it doesn't know. */
  add(rule: FaultRule): void {
    checkFaultRule('S3', rule, kinds);
    if (rule.kind === 'clear') this.#rules = [];
    else this.#rules.push({ rule, left: rule.times ?? 1 });
  }

  waiting(): FaultRule[] {
    return stillWaiting(this.#rules);
  }

  /** The first rule that matches, counted down. */
  take(request: Pick<S3Request, 'method' | 'bucket' | 'key'>): FaultRule | undefined {
    const hit = this.#rules.find(({ rule }) => {
      const fits = (pattern: string | undefined, value: string | undefined) =>
        pattern === undefined || (value !== undefined && glob(pattern).test(value));
      return (
        (rule.method === undefined || rule.method === request.method) &&
        fits(rule.bucket, request.bucket) &&
        fits(rule.key, request.key)
      );
    });
    if (hit && --hit.left <= 0) this.#rules = this.#rules.filter(each => each !== hit);
    return hit?.rule;
  }
}
