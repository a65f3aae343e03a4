import compare from 'semver/functions/compare.js';
import parse from 'semver/functions/parse.js';

/**
 * Below, at or above zero as version `a` of converge is older than, the same as or newer than `b`, by semver:
 * a pre-release comes before its release. What is missing of `1.2` counts as 0. Undefined when either isn't a
 * version.
 *
 * Versions of Windows and its packages have four parts and no order of their own here: they are compared for
 * equality.
 */
export function compareVersions(a: string, b: string): number | undefined {
  const [first, second] = [whole(a), whole(b)];
  return first && second ? compare(first, second) : undefined;
}

export const isVersion = (text: string): boolean => whole(text) !== null;

const whole = (text: string) => {
  const [, major, minor = '.0', patch = '.0', rest = ''] = /^(\d+)(\.\d+)?(\.\d+)?(.*)$/s.exec(text) ?? [];
  return major === undefined ? null : parse(major + minor + patch + rest);
};
