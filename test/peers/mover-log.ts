/** A line of a mover's log. */
export interface Line {
  time: string;
  event: string;
  cycle: string;
  vm: string;
  result: string;
  point?: { time: string; generation: number };
  diagnostics?: { code: string; message: string }[];
  how?: string;
}

/** What a mover has said so far. Each line is read once: a test of hours looks at them all the time. */
export class MoverLog {
  text = '';
  #read = 0;
  readonly #lines: { at: number; line: Line }[] = [];

  add(piece: string): void {
    this.text += piece;
    for (let end = this.text.indexOf('\n', this.#read); end >= 0; end = this.text.indexOf('\n', this.#read)) {
      const line = this.text.slice(this.#read, end);
      if (line.startsWith('{') && line.endsWith('}'))
        this.#lines.push({ at: this.#read, line: JSON.parse(line) as Line });
      this.#read = end + 1;
    }
  }

  /** @param from a length that `text` had */
  lines(from = 0): Line[] {
    return this.#lines.flatMap(({ at, line }) => (at >= from ? [line] : []));
  }
}
