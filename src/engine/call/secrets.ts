import { scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { isSecretRef, type SecretRef } from '../model/catalog.ts';
import type { SecretCheck } from '../model/diff.ts';
import { child, valueAt } from '../model/pointer.ts';
import type { Run } from '../model/run.ts';
import type { Subject } from '../model/subject.ts';

/** What memory holds of an applied secret that can't be read back from the world. Both base64. */
interface Applied {
  salt: string;
  hash: string;
}

const slowHash = promisify<string, Buffer, number, Buffer>(scrypt);
const hashBytes = 32;

const memoryKey = ({ type, target, id }: Subject) => `secret:${type.name}:${target?.name ?? ''}:${id}`;

/** Answers for each secret that `is` says nothing of whether it is the one that was last applied. */
export async function secretCheck(
  run: Run,
  subject: Subject,
  is: object,
  should: object,
): Promise<SecretCheck> {
  const recorded = run.world.appliedSecrets?.(subject.address);
  if (recorded) return (pointer, { $secret }) => recorded[pointer] === $secret;
  const applied = (run.world.memory.engine.get(memoryKey(subject)) ?? {}) as Record<
    string,
    Applied | undefined
  >;
  const same = new Set<string>();
  for (const [pointer, ref] of secretsIn(should)) {
    const known = applied[pointer];
    if (known && valueAt(is, pointer) === undefined && (await matches(run, ref, known))) same.add(pointer);
  }
  return pointer => same.has(pointer);
}

/** Whether a secret was ever applied to it: what is there may still hold one. */
export const hadSecret = (run: Run, subject: Subject): boolean =>
  run.world.memory.engine.get(memoryKey(subject)) !== undefined;

/** Those of a resource that are applied as they are now, references by pointer: what a recording keeps. */
export async function appliedSecrets(
  run: Run,
  subject: Subject,
  is: object,
): Promise<Record<string, string>> {
  if (subject.absent) return {};
  const should = subject.type.desired(subject.asked.properties, subject.id, run.sources);
  const same = await secretCheck(run, subject, is, should);
  return Object.fromEntries(
    secretsIn(should)
      .filter(([pointer, ref]) => same(pointer, ref))
      .map(([pointer, { $secret }]) => [pointer, $secret]),
  );
}

/** Remembers salted hashes of the secrets that a successful step has applied. */
export async function rememberSecrets(run: Run, subject: Subject, should: object): Promise<void> {
  const applied: Record<string, Applied> = {};
  for (const [pointer, ref] of secretsIn(should)) {
    const salt = run.world.host.random.bytes(16);
    const hash = await slowHash(await secret(run, ref), salt, hashBytes);
    applied[pointer] = { salt: salt.toString('base64'), hash: hash.toString('base64') };
  }
  if (Object.keys(applied).length > 0) await run.world.memory.engine.set(memoryKey(subject), applied);
}

async function matches(run: Run, ref: SecretRef, known: Applied): Promise<boolean> {
  const hash = await slowHash(await secret(run, ref), Buffer.from(known.salt, 'base64'), hashBytes);
  const expected = Buffer.from(known.hash, 'base64');
  return expected.length === hash.length && timingSafeEqual(expected, hash);
}

async function secret(run: Run, ref: SecretRef): Promise<string> {
  const value = await run.world.secret(ref);
  run.redactor.add(value);
  return value;
}

function secretsIn(value: unknown, pointer = ''): [string, SecretRef][] {
  if (isSecretRef(value)) return [[pointer, value]];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, member]) => secretsIn(member, child(pointer, key)));
}
