import Type from 'typebox';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import type { Step } from '../../../engine/model/resource-type.ts';
import { isSecretAttribute } from '../../../windows/iis/secret-attributes.ts';
import { canonicalValue, sameSetting } from '../../../windows/iis/settings.ts';
import { isChanged } from '../../shared/each-step.ts';

/** `set:` of the types of IIS: any attribute that has no property of its own, by appcmd's name. */
export type WrittenSet = Record<string, string | number | boolean>;

export const setSchema = (example: string) =>
  Type.Optional(
    Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]), {
      description: `Any other attribute by appcmd's name, \`${example}\`.`,
    }),
  );

/** Throws a Failure (given) for what `set` can't hold: a secret would be in the plan and in arguments. */
export function checkSet(set: WrittenSet = {}, instead: string): void {
  const secrets = Object.keys(set).filter(isSecretAttribute);
  if (secrets.length > 0)
    throw new Failure(
      secrets.map(name =>
        given('plain-secret', `\`${name}\` in \`set\` is a secret, and stands there as plain text`, {
          hint: instead,
        }),
      ),
    );
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
    isChanged(step, `/set/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`) ? [`/${name}:${value}`] : [],
  );
