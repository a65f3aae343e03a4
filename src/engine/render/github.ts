import type { Diagnostic, SourceRange } from '../../diagnostics/diagnostic.ts';
import type { Annotation, Lines } from '../../diagnostics/lines.ts';
import type { Plan, PlannedResource } from '../model/plan.ts';
import { lookOf, nameOf, notesOf, show, shownIn } from './plan-words.ts';

/** GitHub shows ten of each kind per step; the rest would only be noise in the log. */
const shownOfEach = 10;

/** A manifest's file name as GitHub knows it: relative to the repository's root. */
export type FileName = (file: string) => string;

interface Remark {
  kind: Annotation['command'];
  title: string;
  text: string;
  at?: SourceRange | undefined;
}

/**
 * Remarks that put each change beside the line of the manifest it comes from: warnings for what deletes or
 * weakens, notices for the rest. At most ten of each kind.
 */
export const annotateChanges = (plan: Plan, fileName: FileName): Lines =>
  annotations(
    shownIn(plan)
      .filter(({ action }) => action !== 'failed')
      .map(resource => ({
        kind: resource.action === 'delete' || resource.grade === 'weakens' ? 'warning' : 'notice',
        title: `${lookOf(resource).word} ${resource.address}`,
        text: detailOf(resource),
        at: resource.at,
      })),
    fileName,
  );

/** The same for mistakes. */
export const annotateDiagnostics = (diagnostics: readonly Diagnostic[], fileName: FileName): Lines =>
  annotations(
    diagnostics.map(({ severity, code, message, hint, at }) => ({
      kind: severity,
      title: code,
      text: hint === undefined ? message : `${message}\n${hint}`,
      at,
    })),
    fileName,
  );

function annotations(found: readonly Remark[], fileName: FileName): Lines {
  const counts: Record<string, number> = {};
  return found
    .filter(({ kind }) => {
      counts[kind] = (counts[kind] ?? 0) + 1;
      return counts[kind] <= shownOfEach;
    })
    .map(one => annotation(one, fileName));
}

function detailOf(resource: PlannedResource): string {
  const fields = resource.fields.map(field => {
    const after = show(field.after, 200);
    return `${nameOf(field)}: ${field.before === undefined ? after : `${show(field.before, 200)} -> ${after}`}`;
  });
  return [...notesOf(resource), ...fields].join('\n') || resource.address;
}

function annotation({ kind, title, text, at }: Remark, fileName: FileName): Annotation {
  const place = at ? { file: fileName(at.file), line: at.line, col: at.column } : {};
  return { command: kind, properties: { ...place, title }, text };
}
