/**
 * The words of a command behind its program. Whoever understands one takes it; what nobody took is what no
 * resource says, and makes the command a leftover.
 */
export class Words {
  readonly all: readonly string[];
  readonly #taken: boolean[];

  constructor(words: readonly string[]) {
    this.all = words;
    this.#taken = words.map(() => false);
  }

  /** The first word that nobody has taken. */
  next(): string | undefined {
    const at = this.#taken.indexOf(false);
    return this.#take(at);
  }

  /** All that are left, as they stand. */
  rest(): string[] {
    const left = this.left();
    this.#taken.fill(true);
    return left;
  }

  /** What follows a switch, `/name VALUE` or `-name VALUE`; '' when nothing does. */
  value(name: string): string | undefined {
    const at = this.#switch(name);
    if (at < 0) return undefined;
    this.#take(at);
    return this.#take(at + 1) ?? '';
  }

  /** Whether one of these switches is there; all of them are taken. */
  flag(...names: string[]): boolean {
    let found = false;
    for (const name of names)
      for (let at = this.#switch(name); at >= 0; at = this.#switch(name)) {
        this.#take(at);
        found = true;
      }
    return found;
  }

  /** `name=VALUE`, and `name= VALUE` as sc has it. */
  pair(name: string): string | undefined {
    const start = `${name.toLowerCase()}=`;
    const at = this.all.findIndex((word, at) => !this.#taken[at] && word.toLowerCase().startsWith(start));
    const value = this.#take(at)?.slice(start.length);
    return value === '' && !/=/.test(this.all[at + 1] ?? '=') ? (this.#take(at + 1) ?? '') : value;
  }

  /** The values of all `/name:VALUE`. */
  attached(name: string): string[] {
    const start = new RegExp(`^[/-]${name}:`, 'i');
    return this.all.flatMap((word, at) =>
      this.#taken[at] || !start.test(word) ? [] : [this.#take(at)!.slice(name.length + 2)],
    );
  }

  left(): string[] {
    return this.all.filter((_, at) => !this.#taken[at]);
  }

  #switch(name: string): number {
    const wanted = name.toLowerCase();
    return this.all.findIndex(
      (word, at) => !this.#taken[at] && /^[/-]/.test(word) && word.slice(1).toLowerCase() === wanted,
    );
  }

  #take(at: number): string | undefined {
    if (at < 0 || this.#taken[at] !== false) return undefined;
    this.#taken[at] = true;
    return this.all[at];
  }
}
