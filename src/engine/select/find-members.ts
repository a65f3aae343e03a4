import { Failure } from '../../diagnostics/diagnostic.ts';
import { callFor, within } from '../call/call-in-time.ts';
import { type Handed, leakOf } from '../call/leaks.ts';
import { readIo } from '../call/make-io.ts';
import type { Found, Member } from '../model/resource-type.ts';
import type { Run } from '../model/run.ts';
import type { Subject } from '../model/subject.ts';
import { diagnosticsOf } from '../observe/observe.ts';

/**
 * Asks a type what a selection stands for, in the time that an observation has. Rejects with a Failure: what
 * the world says, or that the type is faulty; when interrupted, with the reason of the run's signal.
 */
export async function findMembers(run: Run, subject: Subject): Promise<Found> {
  try {
    return await found(run, subject);
  } catch (error) {
    run.signal.throwIfAborted();
    throw new Failure(diagnosticsOf(error, subject));
  }
}

async function found(run: Run, subject: Subject): Promise<Found> {
  const { type, declared } = subject;
  const handed: Handed = new Map();
  const { value } = await within(run, callFor('observe', [subject]), async signal =>
    type.select!.find(declared.select, readIo(run, subject, signal, handed)),
  );
  const leak = leakOf(value, handed, type, subject.address);
  if (leak) throw new Failure(leak);
  const wrong = mistakeOf(value);
  if (wrong !== undefined) throw new TypeError(wrong);
  return value;
}

/** A type without a compiler behind it may answer anything. */
function mistakeOf(found: Partial<Found> | undefined): string | undefined {
  if (!Array.isArray(found?.members) || !found.members.every(isMember))
    return 'its selection must answer with `members`, each with `title`, `id` and `names`';
  if (!Array.isArray(found.warnings) || !found.warnings.every(isWarning))
    return 'its selection must answer with `warnings`, each with `pointer` and `message`';
  const titles = new Set<string>();
  const twice = found.members.find(({ title }) => titles.size === titles.add(title).size);
  return twice && `its selection answers twice with the title ${twice.title}`;
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

const isMember = (member: Partial<Member> | undefined): boolean =>
  isText(member?.title) && isText(member.id) && Array.isArray(member.names) && member.names.every(isText);

const isWarning = (warning: Partial<Found['warnings'][number]> | undefined): boolean =>
  typeof warning?.pointer === 'string' && isText(warning.message);
