import Type from 'typebox';
import { mistake } from '../../../engine/model/mistakes.ts';
import { child } from '../../../engine/model/pointer.ts';
import type { Mistake, Step } from '../../../engine/model/resource-type.ts';
import { parseDuration } from '../../../io/duration.ts';
import { isAttributeName } from '../../../windows/iis/attribute-names.ts';
import { isSecretAttribute } from '../../../windows/iis/secret-attributes.ts';
import { canonicalValue, sameSetting } from '../../../windows/iis/settings.ts';
import { spanProblem, writtenSpanProblem } from '../../../windows/iis/span-limits.ts';
import { isChanged } from '../../shared/each-step.ts';

/** `set:` of the types of IIS: any attribute that has no property of its own, by appcmd's name. */
export type WrittenSet = Record<string, string | number | boolean>;

export const setSchema = (example: string) =>
  Type.Optional(
    Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]), {
      description: `Any other attribute by appcmd's name, \`${example}\`.`,
    }),
  );

/**
 * What IIS's schema refuses of time spans. Of `durations` each has a property, by the attribute that it
 * stands for.
 */
export function spanMistakes(
  durations: readonly [pointer: string, attribute: string, written: string | undefined][],
  set: WrittenSet = {},
): Mistake[] {
  const ofDurations = durations.map(([pointer, attribute, written]) => {
    const ms = written === undefined ? undefined : parseDuration(written);
    return [pointer, written, ms === undefined ? undefined : spanProblem(attribute, ms / 1000)] as const;
  });
  const ofSet = Object.entries(set).map(
    ([name, value]) => [child('/set', name), value, writtenSpanProblem(name, String(value))] as const,
  );
  return [...ofDurations, ...ofSet].flatMap(([pointer, written, problem]) => {
    if (problem === undefined) return [];
    const name = pointer.slice(pointer.lastIndexOf('/') + 1);
    return [mistake(pointer, 'wrong-value', `\`${name}\` can't be ${written}: ${problem}`)];
  });
}

/** What takes those values of an object that its `set` can't take. */
interface Instead {
  /** The attribute that the title is. */
  title: 'name' | 'path';
  secret: string;
  /** Of the collections below the object. */
  rows: string;
  /** Other attributes, or what appcmd takes as such, by the property that says them. */
  properties?: Readonly<Record<string, string>>;
}

/**
 * What `set` can't hold. A secret would be in the plan and in arguments. What isn't an attribute of the
 * object itself is no part of what is read back, so that it would be set again for ever, and it may have
 * another owner.
 */
export function setMistakes(
  set: WrittenSet = {},
  { title, secret, rows, properties = {} }: Instead,
): Mistake[] {
  return Object.keys(set).flatMap(name => {
    const wrong = (code: 'plain-secret' | 'wrong-name', message: string, hint: string) => [
      mistake(child('/set', name), code, `\`${name}\` in \`set\` ${message}`, hint),
    ];
    if (isSecretAttribute(name))
      return wrong('plain-secret', 'is a secret, and is there as plain text', secret);
    if (!isAttributeName(name)) return wrong('wrong-name', "isn't an attribute of the object itself", rows);
    if (name.toLowerCase() === title)
      return wrong('wrong-name', 'would give it another name', 'change the title');
    if (/^(site|app|vdir|apppool)\.\w+$/i.test(name))
      return wrong('wrong-name', 'tells appcmd which object is meant', 'the title does');
    const property = Object.keys(properties).find(one => one.toLowerCase() === name.toLowerCase());
    if (property === undefined) return [];
    return wrong('wrong-name', 'has a property of its own', `write \`${properties[property]}:\``);
  });
}

/** As it is to be. */
export const desiredSet = (set: WrittenSet): Record<string, string> =>
  Object.fromEntries(Object.entries(set).map(([name, value]) => [name, canonicalValue(value)]));

/** The declared ones as they are, in the declared form where they are the same. */
export function readSet(
  declared: WrittenSet,
  get: (name: string) => string | undefined,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(declared).flatMap(([name, value]) => {
      const is = get(name);
      if (is === undefined) return [];
      return [[name, sameSetting(is, value) ? canonicalValue(value) : canonicalValue(is)]];
    }),
  );
}

/** Arguments of appcmd for those of `set:` that a step has to change. */
export const setArguments = <P, C extends { set?: Record<string, string> }>(
  step: Exclude<Step<P, C>, { kind: 'delete' }>,
): string[] =>
  Object.entries(step.should.set ?? {}).flatMap(([name, value]) =>
    isChanged(step, child('/set', name)) ? [`/${name}:${value}`] : [],
  );
