import { type Diagnostic, Failure, given } from '../../diagnostics/diagnostic.ts';
import { digestOf } from '../../io/content.ts';
import { sha256 } from '../../values/digest.ts';
import type { Run } from '../model/run.ts';
import { type Subject, sourcesOf } from '../model/subject.ts';

/**
 * Reads the content sources of the subjects once each, in pieces. Throws a Failure (given) naming those that
 * aren't there.
 */
export async function loadSources(run: Run, subjects: readonly Subject[]): Promise<void> {
  const missing: Diagnostic[] = [];
  for (const subject of subjects) {
    if (subject.absent) continue;
    const { named, beside } = sourcesOf(subject);
    for (const path of [...named, ...beside]) {
      if (Object.hasOwn(run.sources, path)) continue;
      const file = await run.world.source(path);
      if (file) run.sources[path] = await digestOf(file);
      else if (!beside.includes(path)) missing.push(notFound(subject, path));
    }
  }
  if (missing.length > 0) throw new Failure(missing);
}

/** One digest over all sources of a subject; undefined when it has none. */
export function sourceDigest(run: Run, subject: Subject): string | undefined {
  const { named, beside } = sourcesOf(subject);
  const digests = subject.absent ? [] : [...named, ...beside].flatMap(path => run.sources[path] ?? []);
  return digests.length > 1 ? sha256(digests.join('\n')) : digests[0];
}

const notFound = ({ address, declared }: Subject, path: string): Diagnostic =>
  given('source-not-found', `the content source ${path} isn't there`, {
    address,
    at: declared.at,
    hint: "a source is written relative to its manifest's file",
  });
