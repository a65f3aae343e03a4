import { type Diagnostic, inContext, isDiagnostic, together } from '../../diagnostics/diagnostic.ts';
import { callFor, within } from '../call/call-in-time.ts';
import { Limits } from '../call/limits.ts';
import { readIo } from '../call/make-io.ts';
import type { Address } from '../model/catalog.ts';
import type { SourceTrouble } from '../model/resource-type.ts';
import type { Run } from '../model/run.ts';
import type { Subject } from '../model/subject.ts';
import { typeBug } from '../model/type-bug.ts';
import { diagnosticsOf } from './observe.ts';

/** Sources looked for at once, and those of one type. */
const atOnce = { total: 16, type: 4 };

/** What a plan knows of a source that isn't simply there. */
export type Lacking = SourceTrouble | { state: 'failed'; diagnostic: Diagnostic };

/**
 * Looks for what these are made from; those whose source is there are not in the answer. Never rejects for
 * the world.
 */
export async function findSources(run: Run, subjects: readonly Subject[]): Promise<Map<Address, Lacking>> {
  const limits = new Limits(atOnce.total);
  const found = await Promise.all(
    subjects.map(subject =>
      limits.run(
        subject.type.name,
        atOnce.type,
        async () => [subject.address, await look(run, subject)] as const,
      ),
    ),
  );
  run.signal.throwIfAborted();
  return new Map(found.flatMap(([address, lacking]) => (lacking ? [[address, lacking]] : [])));
}

async function look(run: Run, subject: Subject): Promise<Lacking | undefined> {
  const { address, type, declared } = subject;
  const told = (diagnostic: Diagnostic) =>
    run.redactor.value(inContext(diagnostic, { address, at: declared.at }));
  try {
    const { value } = await within(run, callFor('observe', [subject]), signal =>
      type.findSource!(subject.asked, readIo(run, subject, signal)),
    );
    if (value === undefined || (value.state === 'unknown' && typeof value.waitsFor === 'string'))
      return value;
    if (value.state === 'doubtful' && isDiagnostic(value.diagnostic))
      return { state: 'doubtful', diagnostic: { ...told(value.diagnostic), severity: 'warning' } };
    return { state: 'failed', diagnostic: told(typeBug(type, 'what it says about its source is not valid')) };
  } catch (error) {
    return { state: 'failed', diagnostic: told(together(diagnosticsOf(error, subject))) };
  }
}
