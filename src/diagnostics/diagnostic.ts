import type { Code } from './codes.ts';

/** A place in a text file; lines and columns count from 1, columns in UTF-16 units. */
export interface SourceRange {
  file: string;
  line: number;
  column: number;
  endLine?: number;
  endColumn?: number;
}

/**
 * Who has to act, which is also the exit code:
 * `given` (1) the arguments, manifest, plan file or configuration are wrong;
 * `world` (4) what vSphere, AWS, the host or the repository answered;
 * `blocked` (8) a guard, a stale plan or a lock said no.
 */
export type Category = 'given' | 'world' | 'blocked';

export interface Diagnostic {
  /** Stable, kebab-case name of the mistake: `unknown-property`, `vm-not-found`; docs/codes.md lists them. */
  code: string;
  severity: 'error' | 'warning';
  category: Category;
  /** One sentence: which thing, what is wrong, what was expected. Never a secret. */
  message: string;
  /** The way out, as an instruction: "use single quotes", "did you mean `bucket`?" */
  hint?: string;
  at?: SourceRange;
  /** Address of the resource concerned, `type:title`. */
  address?: string;
  /**
   * What is behind it, when one thing can be the trouble of several resources (`s3-bucket:dr`): what
   * a resource fails for the same cause as its dependency is told once.
   */
  cause?: string;
  /** Other mistakes that were found with this one, where there is room for one; each is told by itself. */
  also?: Diagnostic[];
  /** Other places that belong to the mistake: the first declaration, the edges of a cycle. */
  related?: { message: string; at: SourceRange }[];
}

/** Several mistakes as one, for where there is room for one; one alone stays what it is. */
export function together([first, ...rest]: readonly Diagnostic[]): Diagnostic {
  if (first === undefined) throw new TypeError('a failure without a mistake');
  return rest.length === 0 ? first : { ...first, also: [...(first.also ?? []), ...rest] };
}

/** All mistakes, each by itself. */
export const apart = (diagnostics: readonly Diagnostic[]): Diagnostic[] =>
  diagnostics.flatMap(diagnostic => {
    const { also, ...own } = diagnostic;
    return also ? [own, ...apart(also)] : [diagnostic];
  });

/** One cause once: a store that is away is met by each thing that is asked of it. */
export const onceEach = (diagnostics: readonly Diagnostic[]): Diagnostic[] => [
  ...new Map(diagnostics.map(one => [`${one.code} ${one.message}`, one])).values(),
];

/** What a mistake doesn't say about its place and resource, and those found with it don't. */
export const inContext = (
  diagnostic: Diagnostic,
  details: Pick<Diagnostic, 'address' | 'at'>,
): Diagnostic => ({
  ...details,
  ...diagnostic,
  ...(diagnostic.also && { also: diagnostic.also.map(other => inContext(other, details)) }),
});

/** What a resource type answers may be anything. */
export const isDiagnostic = (value: unknown): value is Diagnostic => {
  const { code, message, severity, category } = (value ?? {}) as Partial<Diagnostic>;
  return (
    typeof code === 'string' &&
    typeof message === 'string' &&
    (severity === 'error' || severity === 'warning') &&
    (category === 'given' || category === 'world' || category === 'blocked')
  );
};

/**
 * The one error class that reaches the user: diagnostics, collected. Anything else that is
 * thrown is a bug in converge and is reported as such.
 */
export class Failure extends Error {
  readonly diagnostics: Diagnostic[];
  constructor(diagnostics: Diagnostic | Diagnostic[], options?: ErrorOptions) {
    const all = Array.isArray(diagnostics) ? diagnostics : [diagnostics];
    super(all.map(d => d.message).join('\n'), options);
    this.name = 'Failure';
    this.diagnostics = all;
  }

  /** Whether any of these is among what it says. */
  has(...codes: readonly Code[]): boolean {
    return this.diagnostics.some(({ code }) => isOneOf(code, codes));
  }

  /** Whether it says nothing but these. */
  hasOnly(...codes: readonly Code[]): boolean {
    const all = this.diagnostics;
    return all.length > 0 && all.every(({ code }) => isOneOf(code, codes));
  }
}

const isOneOf = (code: string, codes: readonly string[]): boolean => codes.includes(code);

/** Whether what was thrown is a Failure that says any of these. */
export const failedWith = (error: unknown, ...codes: readonly Code[]): error is Failure =>
  error instanceof Failure && error.has(...codes);

type Details = Partial<Omit<Diagnostic, 'code' | 'message' | 'category' | 'severity'>>;
const make =
  (category: Category) =>
  (code: Code, message: string, details: Details = {}): Diagnostic => ({
    code,
    severity: 'error',
    category,
    message,
    ...details,
  });

/** The mistake is in what was given (exit 1). */
export const given = make('given');
/** What the world answered (exit 4). */
export const world = make('world');
/** A guard, a stale plan or a lock (exit 8). */
export const blocked = make('blocked');
