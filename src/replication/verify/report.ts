import type { Diagnostic, Failure } from '../../diagnostics/diagnostic.ts';
import type { Level } from '../model/check-memory.ts';

/** One thing that is wrong with a repository. */
export interface Problem {
  /**
   * `missing` an object that is needed isn't there; `damaged` it doesn't hold what was written;
   * `unreadable` the store has it and doesn't hand it out: archived, or refused;
   * `inconsistent` whole objects contradict each other; `rolled-back` the head is older than a point, or the
   * newest point older than one that is known to have been; `unexplained` nothing says why it is there.
   */
  kind: 'missing' | 'damaged' | 'unreadable' | 'inconsistent' | 'rolled-back' | 'unexplained';
  /** Key of the object. */
  object: string;
  message: string;
  /** Ids of the recovery points that can't be restored because of it. None: no point needs the object. */
  breaks: string[];
  /** Who puts it in order; left out: nobody does by himself. */
  mended?: Mended;
  /** What the store that doesn't hand it out says can be done. */
  hint?: string;
}

/**
 * `cycle`: the next one stores again what the source still has. `by-cycle`: one has done so, and what is left
 * stays. `rebuild`: a repair that makes the head from the newest point.
 */
export type Mended = 'cycle' | 'by-cycle' | 'rebuild';

export interface VerifiedPoint {
  id: string;
  generation: number;
  vm: { name: string; uuid: string };
  /** Milliseconds since the epoch; left out of one whose own object can't be read. */
  time?: number;
  /** Nothing that this run looked at, or that is known from before, keeps it from being restored. */
  whole: boolean;
  /** What the store doesn't hand out is all that is against it. */
  unchecked?: true;
}

export interface VerifyReport {
  /** How deep this run looked; what it didn't look at it says nothing of. */
  level: Level;
  points: VerifiedPoint[];
  problems: Problem[];
  /** What isn't wrong but worth knowing. */
  notes: string[];
  /** What kept the damage that was found from being written down. */
  unnoted: Diagnostic[];
  /** What this run read. */
  checked: { objects: number; bytes: number };
  /**
   * Packs that there are, and those that this run read. `bytes_needed`: of those that points need, there or
   * not; `bytes_read_in_30_days`: of these, what was read and found whole within 30 days.
   */
  packs: {
    there: number;
    bytes: number;
    read: number;
    bytes_read: number;
    bytes_needed: number;
    bytes_read_in_30_days: number;
  };
  /** Objects that no point that can be read needs. */
  orphans: { objects: number; bytes: number };
}

/** Problems by object: an object has one. */
export interface Findings {
  add(kind: Problem['kind'], object: string, message: string, hint?: string): FoundProblem;
  of(object: string): FoundProblem | undefined;
  /** Takes back what turned out to be nobody's trouble. */
  drop(object: string): void;
  objects(): FoundObject[];
  all(): Problem[];
}
export type FoundObject = FoundProblem & Omit<Problem, 'breaks' | 'mended'>;
export interface FoundProblem {
  /** Offsets of the sections concerned; undefined: the whole object. */
  sections: Set<number> | undefined;
  breaks: Set<string>;
  /** Pages of disks' maps that need something of it: `disk number/page`. */
  places: Set<string>;
  mended?: Mended;
}

export function findings(): Findings {
  const found = new Map<string, FoundObject>();
  return {
    add(kind, object, message, hint) {
      const problem = found.get(object) ?? {
        kind,
        object,
        message,
        sections: undefined,
        breaks: new Set<string>(),
        places: new Set<string>(),
        ...(hint !== undefined && { hint }),
      };
      found.set(object, problem);
      return problem;
    },
    of: object => found.get(object),
    drop: object => void found.delete(object),
    objects: () => [...found.values()],
    all: () =>
      [...found.values()]
        .map(({ kind, object, message, breaks, mended, hint }) => ({
          ...{ kind, object, message, breaks: [...breaks] },
          ...(mended && { mended }),
          ...(hint !== undefined && { hint }),
        }))
        .sort((a, b) => (a.object < b.object ? -1 : 1)),
  };
}

/** What isn't to be had, told as a problem of its object, with the way out where the store names one. */
export function addRefused(found: Findings, key: string, { diagnostics, message }: Failure): void {
  const hint = diagnostics.find(
    ({ code, hint: way }) => code !== 'damaged-object' && way !== undefined,
  )?.hint;
  found.add('unreadable', key, `${asSentence(message)} It was not checked.`, hint && asSentence(hint));
}

const asSentence = (text: string): string => (text.endsWith('.') ? text : `${text}.`);
