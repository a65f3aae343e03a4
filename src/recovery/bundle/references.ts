import { byText } from '../../engine/model/canonical.ts';
import { isSecretRef, type Json, type SecretRef } from '../../engine/model/catalog.ts';
import { child } from '../../engine/model/pointer.ts';
import type { BundledReference } from './bundle.ts';

/** Every secret that a value names, with the JSON pointer of where. */
export function* secretsIn(value: Json, pointer = ''): Generator<{ ref: SecretRef; pointer: string }> {
  if (isSecretRef(value)) yield { ref: value, pointer };
  else if (typeof value === 'object' && value !== null)
    for (const [key, member] of Object.entries(value)) yield* secretsIn(member, child(pointer, key));
}

/** The key of the repository: whoever recovers gives it, so nothing else has to. */
export const isRepositoryKey = (pointer: string): boolean => pointer === '/repository/key';

/** Whether a value outlives home is told by the kind of its reference. */
export function whereOf({ $secret }: SecretRef): BundledReference['where'] {
  if ($secret.startsWith('file:')) return 'home';
  return $secret.startsWith('env:') ? 'environment' : 'aws';
}

/** What names a secret. */
export type Naming = Pick<BundledReference, 'needed'> & {
  ref: SecretRef;
  by: BundledReference['by'][number];
  /** Left out: told by its kind. */
  where?: BundledReference['where'];
};

/**
 * One entry per secret and place, in the order of their names; it is needed when anything needs it.
 */
export function collected(namings: readonly Naming[]): BundledReference[] {
  const all = new Map<string, BundledReference>();
  for (const { ref, needed, by, where = whereOf(ref) } of namings) {
    const key = `${where} ${ref.$secret}`;
    const known = all.get(key);
    if (known) {
      known.needed ||= needed;
      known.by.push(by);
    } else all.set(key, { secret: ref.$secret, where, needed, by: [by] });
  }
  return [...all.values()].sort((a, b) => byText(a.secret, b.secret) || byText(a.where, b.where));
}
