/** Operators of a policy's condition to keys to the values that they are held against. */
export type Condition = Record<string, Record<string, string | string[]>>;

/** What is known of a request, by condition key in lower case; keys have no case. */
export type RequestContext = Readonly<Record<string, string | undefined>>;

const equal = (pattern: string, value: string) => pattern === value;

/** `not`: holds when no value fits, and when the request has no such key. */
const operators: Record<string, { fits(pattern: string, value: string): boolean; not?: true }> = {
  StringEquals: { fits: equal },
  StringNotEquals: { fits: equal, not: true },
  StringLike: { fits: matches },
  StringNotLike: { fits: matches, not: true },
  ArnLike: { fits: matches },
  NumericLessThanEquals: { fits: (pattern, value) => Number(value) <= Number(pattern) },
  Bool: { fits: (pattern, value) => pattern.toLowerCase() === value.toLowerCase() },
};

/** Keys that the lab can tell something of. */
const knownKey =
  /^(aws:(userid|requestedregion|securetransport|(resource|request)tag\/.+)|ec2:createaction|s3:(prefix|if-none-match|if-match)|s3:object-lock-remaining-retention-days)$/i;

/** `*` stands for any characters, slashes too, and `?` for one. */
export function matches(pattern: string, value: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(value);
}

/**
 * Whether all operators hold for all their keys. Source: IAM user guide, "IAM JSON policy elements: Condition
 * operators", "Conditions with multiple context keys or values".
 */
export function holds(condition: Condition, context: RequestContext): boolean {
  return Object.entries(condition).every(([name, keys]) => {
    const { fits, not } = operators[name] ?? { fits: equal };
    return Object.entries(keys).every(([key, patterns]) => {
      const value = context[key.toLowerCase()];
      // `true`: the request has no such key.
      if (name === 'Null') return [patterns].flat().includes(String(value === undefined));
      const isFit = value !== undefined && [patterns].flat().some(pattern => fits(pattern, value));
      return not ? !isFit : isFit;
    });
  });
}

/** Why the lab can't hold somebody to a condition; undefined when it can. */
export function unknownInCondition(condition: unknown): string | undefined {
  if (typeof condition !== 'object' || condition === null) return 'a Condition is operators with their keys';
  for (const [name, keys] of Object.entries(condition)) {
    if (name !== 'Null' && !Object.hasOwn(operators, name)) return `the lab does not know ${name}`;
    if (typeof keys !== 'object' || keys === null) return `${name} has keys with their values`;
    const other = Object.keys(keys).find(key => !knownKey.test(key));
    if (other !== undefined) return `the lab does not know ${other}`;
    const isText = Object.values(keys).every(values =>
      [values].flat().every(each => typeof each === 'string'),
    );
    if (!isText) return `values of ${name} are texts or lists of them`;
  }
  return undefined;
}
