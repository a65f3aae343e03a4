import type { Static, TSchema } from 'typebox';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { Json, SecretRef, Window } from './catalog.ts';
import type { ReadIo, WriteIo } from './io.ts';

/** The real object's name in canonical form; with type and target it identifies the object. */
export type Id = string;

/** Something one resource brings and another needs: `path:/srv/data`, `bucket:dr`, `iis`. */
export type Capability = string;

export interface Need {
  /** The first of these that a declared resource provides becomes an implied `require`. */
  anyOf: Capability[];
  /**
   * JSON pointer of a property of C that goes stale when the provider changes: a resource in sync
   * whose provider has a pending change is then planned as an update of that property (freshness).
   */
  fresh?: string;
}

/** Something wrong with what was written that a schema can't say. */
export interface Mistake {
  /** JSON pointer of the value, `/bindings/1`; '' is the title. */
  pointer: string;
  /** Kebab-case and stable, `wrong-binding`. */
  code: string;
  /** One sentence: what is wrong, what was expected. */
  message: string;
  /** The way out. */
  hint?: string;
}

/**
 * One real thing that only one resource may own, whatever its type: two owners would undo each other's work.
 */
export interface Claim {
  /**
   * Names it for good and for people, in one spelling: `the binding http/*:80:web`, `the file c:/app/a.txt`.
   */
  what: string;
  /** JSON pointer of the property that claims it; '' is the title. */
  pointer: string;
  /** Those that say the same word may own it together: `entries` of a list that each adds its own to. */
  shared?: string;
  /** One that is declared absent claims it too: it would remove what the other makes. */
  evenAbsent?: true;
  /**
   * Where it is, with slashes, a path of the host or a URL: whoever owns a whole folder around it owns it as
   * well.
   */
  path?: Id;
  /** It removes whatever is below its path that isn't its own. */
  clears?: true;
  /**
   * It owns whatever is below its path, and `path` with all but its being a folder: nothing else may be
   * there, whatever target either lives on.
   */
  whole?: true;
  /**
   * What all who have this `path` must say alike, whatever target they live on: whoever comes first decides
   * it for the others. `what` is for people: `the key of the repository s3://dr/points`.
   */
  alike?: { what: string; pointer: string; value: string };
}

/** One resource handed to a type: its identity and its properties as written. */
export interface Asked<P> {
  id: Id;
  title: string;
  properties: P;
}

export type Observation<C> =
  /**
   * `revision`: anything that changes when the object does (ETag, mtime), and where there is none, when there
   * is one; part of the plan's fingerprint, and of the step that is made of it.
   */
  (
    | {
        state: 'present';
        value: C;
        revision?: string;
        /**
         * What nobody declares and many want to know, by the names of the type's `shows`; for plans and
         * reports alone.
         */
        shows?: Record<string, Json>;
      }
    | { state: 'absent'; revision?: string }
    /**
     * Can't be seen yet because something pending brings it; observed again when reached. `hint`: what to
     * declare, for when nothing in the plan brings it.
     */
    | { state: 'unknown'; waitsFor: Capability; hint?: string }
    | { state: 'failed'; diagnostic: Diagnostic }
  ) & {
    /**
     * Tells the real object from another one that has its name (a VM's UUID), for a type whose objects have
     * something like that, also while what is managed of it is `absent`. A plan from a file is refused when
     * it is another one.
     */
    object?: string;
    /**
     * For properties that stand for a text (a digest), by JSON pointer: how it differs from what is declared,
     * hunks of a unified diff cut to a length. Never of what may be secret. Shown in plans; no part of what
     * was seen.
     */
    diffs?: Record<string, string>;
    /** What was seen and is worth a look, though it keeps nothing from being done. */
    warnings?: Diagnostic[];
  };

/**
 * Why what an object is made from can't be had: something pending may bring it (as in an observation), or it
 * may come right by itself, which only warns. All else is thrown.
 */
export type SourceTrouble =
  | Extract<Observation<never>, { state: 'unknown' }>
  | { state: 'doubtful'; diagnostic: Diagnostic };

/** One property that differs. `path` is a JSON pointer into C; undefined means "not there". */
export interface FieldChange {
  path: string;
  before?: Json;
  after?: Json;
  /** What it does to protection, where the values don't tell. */
  grade?: 'strengthens' | 'neutral' | 'weakens';
}

/**
 * What apply has to do with one object. `asked.properties` is there for everything C leaves out. `revision`
 * is that of the observation which the step rests on: for a write that the platform makes only while it is
 * still so.
 */
export type Step<P, C> = { id: Id; asked: Asked<P>; signal: AbortSignal; revision?: string } & (
  | { kind: 'create'; should: Partial<C> }
  | { kind: 'update'; is: C; should: Partial<C>; fields: FieldChange[] }
  | { kind: 'delete'; is: C }
);

export type Outcome =
  | {
      ok: true;
      reboot?: 'pending';
      /** One line about what was done, for the report: "point 3, 4.1 MiB uploaded". */
      note?: string;
      /** Totals for the summary: bytes_read, bytes_uploaded, points, ... */
      numbers?: Record<string, number>;
    }
  | {
      ok: false;
      diagnostic: Diagnostic;
      /**
       * May the engine try the same step again? `safe`: by itself. `asked`: when the manifest says `retry`,
       * whose author knows what a second time does. `never`: it can't help.
       */
      retry: 'safe' | 'asked' | 'never';
      /** Whether nothing of the step is left behind. */
      undone: boolean;
    };

/** One object that a selection found. */
export interface Member {
  /** The title that a resource for this object alone would have. */
  title: string;
  /** Tells the object apart for good, whatever it is called. */
  id: string;
  /** Every identity that a resource of this object might have. */
  names: string[];
}

export interface Found {
  members: Member[];
  /** Words that name nothing there is; `pointer` is a JSON pointer below `select`. */
  warnings: { pointer: string; message: string; hint?: string }[];
}

/** How one resource with `select:` stands for many objects of its target. */
export interface Selector<S> {
  schema: TSchema;
  /** All objects that fit now; rejects with a Failure when the target can't be asked. */
  find(select: S, io: ReadIo): Promise<Found>;
  /** Pure: what the selection owns whatever it finds, by the properties that each of its objects gets. */
  // biome-ignore lint/suspicious/noExplicitAny: each type has properties of its own
  claims?(properties: any, where: Where): Claim[];
}

/** Something that earlier runs left at an object of a target. */
export interface Leftover<P> {
  /** The title that a resource for it has. */
  title: string;
  /** Tells the object apart for good; the title where another resource has that one. */
  id: string;
  /** As a manifest would write them: enough to put it in order from a plan alone. */
  properties: P;
}

/** How a type finds what is left at objects that nobody declares any more. */
export interface LeftoverFinder<P> {
  /** Types whose resources put in order what is left at their own objects. */
  of: readonly string[];
  /**
   * @param declared resources on the target of those types and of this one
   * @returns what becomes resources of this type in the plan; and what can't, as warnings with the way out
   */
  find(
    declared: readonly Asked<Record<string, Json>>[],
    io: ReadIo,
  ): Promise<{ found: Leftover<P>[]; warnings: Diagnostic[] }>;
}

/** What is listed. */
export interface ListQuery<P> {
  /** Only these; all there are when left out. */
  titles?: readonly string[];
  /** Properties that all have, given by whoever asks: the repository to look in. */
  common: Partial<P>;
}

/**
 * One object of the target. `failed`: it can't be told what it is. `unsaid`: it is there, and no property of
 * the type can say it; people are told so.
 */
export type Listed<L> =
  | { state: 'present'; value: L }
  | { state: 'failed'; diagnostic: Diagnostic }
  | { state: 'unsaid'; what: string; why: string };

/** How a manifest would declare an object that is there. */
export interface Adoptable {
  title: string;
  /** As written in a manifest. */
  properties: object;
  /** False: it could be managed, but what a resource of the type stands for isn't there yet. */
  exists: boolean;
  /** One line for people. */
  note?: string;
}

/**
 * The code that knows one kind of thing. `P`: properties as written in the manifest. `C`: the one
 * canonical form that plan and apply both see; what isn't declared isn't managed and is left out
 * of `desired`. `L`: what is listed of an object that nobody declared.
 */
// biome-ignore lint/suspicious/noExplicitAny: whoever doesn't say what its properties are gets no help
export interface ResourceType<P = any, C extends object = any, L = any> {
  name: string;
  /** First sentence is the summary; Markdown. */
  doc: string;
  version: number;
  schema: TSchema;
  runs: { on: 'host'; platforms?: NodeJS.Platform[]; elevated?: boolean } | { on: 'remote'; target: string };
  /**
   * Milliseconds that one call may take, and that it has to stop when told to (`grace`); a resource's
   * \`timeout\` comes first.
   */
  timeouts?: { observe?: number; apply?: number; refresh?: number; grace?: number };
  /**
   * What a write dirties beside the realm itself, what other realms' writes dirty it, both by name or `*` for
   * all, and how many writes may run at once. What is dirty is looked at again before it is relied upon.
   */
  realm: { name: string; concurrency: number; alsoDirties?: string[]; alsoDirtiedBy?: string[] };
  /** What it manages keeps data safe: a new one strengthens protection, deleting one weakens it. */
  protects?: boolean;
  /**
   * Properties of C, by name, that an update changes only when its `fields` name them, and that nothing else
   * of the object rests on. Where one would weaken protection and that isn't allowed, the step comes without
   * it. Whatever else weakens holds back the whole resource.
   */
  apart?: readonly string[];
  /**
   * Each write is made under a lease that other machines heed, and goes by what is seen under it. Any other
   * object that lives elsewhere is looked at again right before the write, which isn't made when it isn't
   * what was planned.
   */
  leased?: boolean;
  /** Pure: a change is held unless one of these windows is open; none: whenever its own window is. */
  windows?(properties: P): readonly Window[];
  /** Other types whose memory it reads: what an archive unpacked isn't a site's to write. */
  readsMemoryOf?: readonly string[];
  /** `ensure: absent` makes sense for this type (default true). */
  canBeAbsent?: boolean;
  /** Properties that only `ensure: absent` may leave out; optional in the schema. */
  neededUnlessAbsent?: readonly string[];
  /**
   * Properties that one may leave out whose value is that of the resource of another type with the same title
   * (in any case); optional in the schema. Where there is no such resource, or it says nothing, leaving it
   * out is a mistake.
   */
  takesFrom?: Readonly<Record<string, string>>;
  /** What `select:` takes, for a type whose resources may stand for many objects. */
  // biome-ignore lint/suspicious/noExplicitAny: each type has a form of its own
  select?: Selector<any>;
  /** What `observe` shows of an object beside its properties, with what each is. No expression sees it. */
  shows?: Readonly<Record<string, string>>;
  /**
   * Pure: everything that is wrong with what was written and that the schema can't say, each at its value.
   * Only what it finds nothing wrong with is handed to `identity` and to all the rest.
   */
  check?(properties: P, title: string, where: WhereOne): Mistake[];
  /** What earlier runs left on the target, searched by each plan of everything. */
  // biome-ignore lint/suspicious/noExplicitAny: each type has properties of its own
  leftovers?: LeftoverFinder<any>;
  /** Pure. `where` gives what relative paths resolve against. */
  identity(properties: P, title: string, where: Where): Id;
  provides?(properties: P, id: Id): Capability[];
  needs?(properties: P, id: Id): Need[];
  /**
   * Pure: the real things that it owns beside the object that `identity` names. Two owners of one are a
   * mistake.
   */
  claims?(properties: P, id: Id, where: Where): Claim[];
  /**
   * Pure. `sources` holds the SHA-256 (hex) of each content source by its path: properties marked
   * `x-path: 'source'` in the schema, which the engine resolves against the manifest's file.
   */
  desired(properties: P, id: Id, sources?: Readonly<Record<string, string>>): Partial<C>;
  /** Batched: one call for all resources of this type on one target. */
  observe(asked: Asked<P>[], io: ReadIo): Promise<Map<Id, Observation<C>>>;
  /**
   * Looks whether what the object is made from is there (a URL, an archive, a repository), so that a plan
   * promises nothing that has to fail. Asked only for what would be made or changed, with one request.
   * Rejects with a Failure when it can't be had.
   */
  findSource?(asked: Asked<P>, io: ReadIo): Promise<SourceTrouble | undefined>;
  /** What there is on the target, for `converge adopt`. */
  list?(query: ListQuery<P>, io: ReadIo): AsyncIterable<Listed<L>>;
  /** Pure. The declaration that is in sync with what was listed. A type that lists has it. */
  toManifest?(listed: L): Adoptable;
  /**
   * Default: structural, arrays marked `x-unordered` compared as sets. `sameSecret` tells whether the secret
   * that was last applied at a pointer is the one that is wanted now.
   */
  diff?(is: C, should: Partial<C>, sameSecret?: (pointer: string, ref: SecretRef) => boolean): FieldChange[];
  /** The engine passes steps of one type and target that may run together; keys are ids. */
  apply(steps: Step<P, C>[], io: WriteIo): Promise<Map<Id, Outcome>>;
  /** What `notify` triggers. A type without it ignores notifications, which validation refuses. */
  refresh?(asked: Asked<P>, io: WriteIo): Promise<Outcome>;
  /** A step does all that `refresh` does, so what was just applied isn't refreshed as well. */
  applyRefreshes?: boolean;
}

export interface Where {
  platform: NodeJS.Platform;
  cwd: string;
  /** A stand-in for a host, whose plans must not reach a real one. */
  lab?: true;
  /** Which one. */
  labId?: string;
}

/** Where a resource is, and the maintenance window that it has of its own. */
export interface WhereOne extends Where {
  window?: Window;
}

/**
 * A type whose properties have the type that its schema says: no second description of them could say
 * something else. `S`: the schema, made with TypeBox.
 */
// biome-ignore lint/suspicious/noExplicitAny: a type that doesn't list has no L
export type BuiltInType<S extends TSchema, C extends object, L = any> = ResourceType<Static<S>, C, L> & {
  schema: S;
} & BesideProperties;

/** For types that are built in. */
export interface BesideProperties {
  /**
   * Pure: content sources that no property names, since they are made of the manifests as a whole. `desired`
   * finds those that this run has among its `sources`; a run that wasn't given the manifests has none.
   */
  sourcesBeside?(id: Id): string[];
}

/** The registry holds types of every P and C. */
export type AnyResourceType = ResourceType &
  BesideProperties & {
    /** Of a type that isn't built in: its file as shown, and the SHA-256 (hex) of what was loaded. */
    readonly origin?: { file: string; digest: string };
  };

/** A kind of target: how to name and check one; connecting is the composition root's business. */
export interface TargetKind {
  name: string;
  doc: string;
  schema: TSchema;
  /** Pure: all that is wrong with what was written and that the schema can't say, each at its value. */
  check?(properties: Record<string, Json>): Mistake[];
  /** What tells two targets apart in a plan: the URL, the account and region. No secret. */
  identity(properties: Record<string, Json>): string;
}

/** Every type and target kind that manifests may name. */
export interface Registry {
  types: ReadonlyMap<string, AnyResourceType>;
  targets: ReadonlyMap<string, TargetKind>;
}
