import type { Diagnostic, SourceRange } from '../../diagnostics/diagnostic.ts';
import { sha256 } from '../model/canonical.ts';
import type { Plan, PlannedResource } from '../model/plan.ts';
import { clean, lookOf, nameOf, notesOf, show, shownIn } from './plan-words.ts';

/** GitHub shows ten of each kind per step; the rest would only be noise in the log. */
const shownOfEach = 10;

/** A manifest's file name as GitHub knows it: relative to the repository's root. */
export type FileName = (file: string) => string;

interface Annotation {
  kind: 'error' | 'warning' | 'notice';
  title: string;
  text: string;
  at?: SourceRange | undefined;
}

/**
 * Workflow commands, one a line, that put each change beside the line of the manifest it comes from:
 * `::warning file=..,line=..,col=..,title=..::text` for what deletes or weakens, `::notice` for the rest.
 * At most ten of each kind.
 */
export const annotateChanges = (plan: Plan, fileName: FileName): string =>
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

/** The same for mistakes: `::error` or `::warning`. */
export const annotateDiagnostics = (diagnostics: readonly Diagnostic[], fileName: FileName): string =>
  annotations(
    diagnostics.map(({ severity, code, message, hint, at }) => ({
      kind: severity,
      title: code,
      text: hint === undefined ? message : `${message}\n${hint}`,
      at,
    })),
    fileName,
  );

function annotations(found: readonly Annotation[], fileName: FileName): string {
  const counts: Record<string, number> = {};
  return found
    .filter(({ kind }) => {
      counts[kind] = (counts[kind] ?? 0) + 1;
      return counts[kind] <= shownOfEach;
    })
    .map(one => annotation(one, fileName))
    .join('');
}

function detailOf(resource: PlannedResource): string {
  const fields = resource.fields.map(field => {
    const after = show(field.after, 200);
    return `${nameOf(field)}: ${field.before === undefined ? after : `${show(field.before, 200)} -> ${after}`}`;
  });
  return [...notesOf(resource), ...fields].join('\n') || resource.address;
}

function annotation({ kind, title, text, at }: Annotation, fileName: FileName): string {
  const place = at ? { file: fileName(at.file), line: at.line, col: at.column } : {};
  const properties = Object.entries({ ...place, title: clean(title) }).map(
    ([name, value]) => `${name}=${escapeProperty(String(value))}`,
  );
  return `::${kind} ${properties.join(',')}::${escapeData(text)}\n`;
}

/**
 * Keeps GitHub from reading commands in `text`, which holds what was observed. The token follows from
 * the text, so that the text can't hold it.
 */
export function withoutCommands(text: string): string {
  const token = sha256(`stop-commands ${text}`).slice(0, 32);
  return `::stop-commands::${token}\n${text}::${token}::\n`;
}

/** As `@actions/core` escapes: https://github.com/actions/toolkit, packages/core/src/command.ts. */
const escapeData = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

const escapeProperty = (text: string): string =>
  escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
