import type { CollectionChange } from './appcmd-arguments.ts';
import type { Place } from './read-config.ts';

/** A resource in the making: several commands may each add to it. */
export interface Draft {
  type: string;
  title: string;
  properties: Record<string, unknown>;
  from: Place[];
}

/** What could not become a resource, or needs none. */
export interface Leftover extends Place {
  /** The line, without what looks like a secret. */
  what: string;
  why: string;
  /** Nothing has to be done about it. */
  needless?: true;
}

/** Everything that was understood so far. Titles compare without case, as Windows' names do. */
export class Drafts {
  readonly leftovers: Leftover[] = [];
  /** Rows that were to be removed and were not there; what adds them may come later. */
  readonly removed: { draft: Draft; change: CollectionChange; at: Place }[] = [];
  /** Names of the environment variables that secrets are to come from, and whose they are. */
  readonly secrets = new Map<string, string>();
  #drafts = new Map<string, Draft>();

  /** The draft of that name, new or begun. */
  of(type: string, title: string, at: Place): Draft {
    const key = keyOf(type, title);
    const draft = this.#drafts.get(key) ?? { type, title, properties: {}, from: [] };
    this.#drafts.set(key, draft);
    if (!draft.from.some(({ file, line }) => file === at.file && line === at.line)) draft.from.push(at);
    return draft;
  }

  /** Adds properties to a draft; what a later command says wins, as it would on the machine. */
  set(type: string, title: string, at: Place, properties: Record<string, unknown>): void {
    const draft = this.of(type, title, at);
    delete draft.properties.ensure;
    Object.assign(draft.properties, properties);
  }

  /** A deletion, which an addition that follows makes good. `needed`: what the type wants said all the same. */
  absent(type: string, title: string, at: Place, needed: Record<string, unknown> = {}): void {
    this.of(type, title, at).properties = { ensure: 'absent', ...needed };
  }

  all(): Draft[] {
    return [...this.#drafts.values()];
  }

  /** A reference to the secret of `owner`, in place of its text; a name that another one has gets a number. */
  secret(owner: string, ...words: string[]): { $secret: string } {
    const name = words
      .join('_')
      .replace(/[^A-Za-z0-9]+/g, '_')
      .replace(/^_+|_+$/g, '')
      .toUpperCase();
    let free = name;
    for (let n = 2; (this.secrets.get(free) ?? owner) !== owner; n++) free = `${name}_${n}`;
    this.secrets.set(free, owner);
    return { $secret: `env:${free}` };
  }
}

const keyOf = (type: string, title: string): string => `${type}:${title.toLowerCase()}`;

/** `true`, `12` and the like as what they are; everything else stays text. */
export function scalar(text: string): string | number | boolean {
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  return /^(0|[1-9]\d{0,14})$/.test(text) ? Number(text) : text;
}
