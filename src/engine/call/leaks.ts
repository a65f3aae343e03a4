import { type Diagnostic, Failure } from '../../diagnostics/diagnostic.ts';
import type { SecretRef } from '../model/catalog.ts';
import { Redactor } from '../model/redact.ts';
import type { AnyResourceType } from '../model/resource-type.ts';
import { typeBug } from '../model/type-bug.ts';

/** The secrets that one call of a type was given. */
export type Handed = Map<string, string>;

/**
 * Names a type that says a secret which it was given in this call. Whatever it said is redacted where it
 * leaves the run; but a plan, a fingerprint or a recording would still depend on it.
 */
export function leakOf(
  answer: unknown,
  handed: Handed,
  type: AnyResourceType,
  id: string,
): Diagnostic | undefined {
  const found = [...handed].find(([, secret]) => says(answer, secret));
  return found && typeBug(type, `what it answered for ${id} holds the text of the secret \`${found[0]}\``);
}

/** Keeps what `io.secret` gave out. */
export const keepHanded =
  (handed: Handed, secret: (ref: SecretRef) => Promise<string>) => async (ref: SecretRef) => {
    const value = await secret(ref);
    handed.set(ref.$secret, value);
    return value;
  };

function says(answer: unknown, secret: string): boolean {
  const redactor = new Redactor();
  redactor.add(secret);
  const text = JSON.stringify(answer instanceof Failure ? answer.diagnostics : answer) ?? '';
  return redactor.text(text) !== text;
}
