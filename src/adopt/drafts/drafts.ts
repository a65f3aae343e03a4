import { isDeepStrictEqual } from 'node:util';
import { holdsSecret, withoutSecretsOf } from '../../resources/shared/secret-names.ts';
import type { CollectionChange } from './appcmd-arguments.ts';
import { type NeedsNothing, needsNothing } from './needs-nothing.ts';
import { pathKey } from './paths.ts';
import type { Place } from './place-in-file.ts';

/** A resource in the making: several commands may each add to it. */
export interface Draft {
  type: string;
  title: string;
  properties: Record<string, unknown>;
  from: Place[];
}

/** What could not become a resource, or needs none. */
export interface Leftover extends Place {
  /** The line, without what is proven to be a secret. */
  what: string;
  why: string;
  /** Nothing has to be done about it. */
  needless?: true;
}

/** Why something was not taken over: in words, or by what needs nothing; undefined when it was. */
export type Unhandled = { why: string } | { needless: NeedsNothing } | undefined;

/** A row that was to be removed and was not there; what adds it may come later. */
interface Removed {
  title: string;
  change: CollectionChange;
  at: Place;
}

/** Everything that was understood so far. Titles compare as Windows' own names do. */
export class Drafts {
  readonly leftovers: Leftover[] = [];
  readonly removed: Removed[] = [];
  /** Names of the environment variables that secrets are to come from, and whose they are. */
  readonly secrets = new Map<string, string>();
  #drafts = new Map<string, Draft>();
  /**
   * While a command is read: the drafts that it would change, which are kept when all of it was understood.
   */
  #tried: Map<string, Draft> | undefined;
  #dropped: Draft[] = [];

  /** Reads one command. What it did is undone unless it was taken over: half of one is not a resource. */
  attempt(read: () => Unhandled): Unhandled {
    const before = [this.leftovers.length, this.removed.length] as const;
    const secrets = new Map(this.secrets);
    this.#tried = new Map();
    const tried = this.#tried;
    const unhandled = read() ?? secretAmong(tried.values());
    this.#tried = undefined;
    const dropped = this.#dropped.splice(0);
    if (!unhandled) {
      for (const draft of dropped) this.drop(draft);
      for (const [key, draft] of tried) this.#drafts.set(key, draft);
    } else {
      this.leftovers.length = before[0];
      this.removed.length = before[1];
      this.secrets.clear();
      for (const [name, owner] of secrets) this.secrets.set(name, owner);
    }
    return unhandled;
  }

  /** What was not taken over, with the place and the reason. */
  leave(at: Place, what: string, unhandled: Exclude<Unhandled, undefined>): void {
    const said = withoutSecretsOf(what, what);
    this.leftovers.push(
      'needless' in unhandled
        ? { ...at, what: said, why: needsNothing[unhandled.needless], needless: true }
        : { ...at, what: said, why: withoutSecretsOf(what, unhandled.why) },
    );
  }

  /** The draft of that name, new or begun. `own`: what tells it apart where the title doesn't. */
  of(type: string, title: string, at: Place, own = ''): Draft {
    const key = keyOf(type, title, own);
    const known = this.#tried?.get(key) ?? structuredClone(this.#drafts.get(key));
    const draft = known ?? { type, title, properties: {}, from: [] };
    (this.#tried ?? this.#drafts).set(key, draft);
    if (!draft.from.some(({ file, line }) => file === at.file && line === at.line)) draft.from.push(at);
    return draft;
  }

  /** The draft of that name, if something has begun it. */
  known(type: string, title: string, own = ''): Draft | undefined {
    const key = keyOf(type, title, own);
    return this.#tried?.get(key) ?? this.#drafts.get(key);
  }

  /** Adds properties to a draft; what a later command says wins, as it would on the machine. */
  set(type: string, title: string, at: Place, properties: Record<string, unknown>, own = ''): void {
    const draft = this.of(type, title, at, own);
    delete draft.properties.ensure;
    Object.assign(draft.properties, properties);
  }

  /**
   * Takes over what an earlier command doesn't replace and no property tells from it. The place of that one,
   * where it says something else: a type holds only one of them.
   */
  beside(
    type: string,
    title: string,
    at: Place,
    said: Record<string, unknown>,
    own = '',
  ): string | undefined {
    const known = this.known(type, title, own);
    if (known && known.properties.ensure !== 'absent' && !isDeepStrictEqual(known.properties, said))
      return known.from.map(({ file, line }) => `${file}:${line}`).join(', ');
    this.replace(type, title, at, said, own);
    return undefined;
  }

  /** Says all of a draft anew, as what makes the thing again does. */
  replace(type: string, title: string, at: Place, properties: Record<string, unknown>, own = ''): void {
    this.of(type, title, at, own).properties = properties;
  }

  /**
   * A deletion, which an addition that follows makes good. `needed`: what the type wants said all the same.
   */
  absent(type: string, title: string, at: Place, needed: Record<string, unknown> = {}, own = ''): void {
    this.replace(type, title, at, { ensure: 'absent', ...needed }, own);
  }

  /** Takes a draft away that something else has made good. */
  drop(draft: Draft): void {
    if (this.#tried) this.#dropped.push(draft);
    else for (const [key, one] of this.#drafts) if (one === draft) this.#drafts.delete(key);
  }

  all(): Draft[] {
    return [...this.#drafts.values()];
  }

  /**
   * A reference to the secret of `owner`, in place of its text; a name that another one has gets a number.
   */
  secret(owner: string, ...words: string[]): { $secret: string } {
    const name = words
      .join('_')
      .replace(/[^A-Za-z0-9]+/g, '_')
      .replace(/^_+|_+$/g, '')
      .toUpperCase();
    const valid = /^[A-Z_]/.test(name) ? name : `SECRET${name === '' ? '' : `_${name}`}`;
    let free = valid;
    for (let n = 2; (this.secrets.get(free) ?? owner) !== owner; n++) free = `${valid}_${n}`;
    this.secrets.set(free, owner);
    return { $secret: `env:${free}` };
  }
}

/** A property takes a secret by itself or not at all: among other text the manifest would show it. */
function secretAmong(drafts: Iterable<Draft>): Unhandled {
  for (const { type, properties } of drafts)
    if (textsIn(properties).some(holdsSecret))
      return { why: `what it sets holds a secret among other text, and ${type} takes none there` };
  return undefined;
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

const paths = new Set(['file', 'archive', 'download', 'env_path']);

/** One thing has one key, whichever way its name is written. */
function keyOf(type: string, title: string, own: string): string {
  const name = paths.has(type)
    ? pathKey(title).replace(/(?<=[^:])\\$/, '')
    : type === 'scheduled_task'
      ? title.replaceAll('/', '\\').replace(/^\\/, '')
      : title.replace(/\/$/, '');
  return `${type}:${name.toLowerCase()}:${own}`;
}

/** `true`, `12` and the like as what they are; everything else stays text. */
export function scalar(text: string): string | number | boolean {
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  return /^(0|[1-9]\d{0,14})$/.test(text) ? Number(text) : text;
}
