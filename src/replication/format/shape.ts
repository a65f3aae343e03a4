/**
 * Shapes of JSON in objects of a repository. In a plain repository whoever can write can forge any object
 * with a matching checksum: what is read becomes paths, sizes and dates, so all of it is looked at first.
 * Members that a shape doesn't know are ignored, as the format demands.
 */
export interface Shape {
  /** Where the value isn't of this shape, as a path below `at`; undefined when it is. */
  wrong(value: unknown, at: string): string | undefined;
  optional?: true;
}

const simple = (fits: (value: unknown) => boolean): Shape => ({
  wrong: (value, at) => (fits(value) ? undefined : at),
});

export const text: Shape = simple(value => typeof value === 'string');
export const bool: Shape = simple(value => typeof value === 'boolean');
export const oneOf = (...known: readonly unknown[]): Shape => simple(value => known.includes(value));

/** A whole number between `least` and `most`, both included. */
export const whole = (least = 0, most = Number.MAX_SAFE_INTEGER): Shape =>
  simple(value => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most);

/** Milliseconds since the epoch that a date can show. */
export const moment: Shape = simple(
  value => typeof value === 'number' && !Number.isNaN(new Date(value).getTime()),
);

/** `bytes` bytes in lower-case hex. */
export const hex = (bytes: number): Shape =>
  simple(value => typeof value === 'string' && value.length === 2 * bytes && /^[0-9a-f]*$/.test(value));

export const optional = (shape: Shape): Shape => ({ ...shape, optional: true });

export const nullOr = (shape: Shape): Shape => ({
  wrong: (value, at) => (value === null ? undefined : shape.wrong(value, at)),
});

export const listOf = (shape: Shape): Shape => ({
  wrong(value, at) {
    if (!Array.isArray(value)) return at;
    for (let n = 0; n < value.length; n++) {
      const found = shape.wrong(value[n], `${at}/${n}`);
      if (found !== undefined) return found;
    }
    return undefined;
  },
});

/** A list of exactly these, in this order. */
export const tuple = (...shapes: Shape[]): Shape => ({
  wrong(value, at) {
    if (!Array.isArray(value) || value.length !== shapes.length) return at;
    return firstOf(shapes.keys(), n => shapes[n]!.wrong(value[n], `${at}/${n}`));
  },
});

export const members = (shapes: Record<string, Shape>): Shape => {
  const known = Object.entries(shapes);
  return {
    wrong(value, at) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return at;
      const all = value as Record<string, unknown>;
      return firstOf(known, ([name, shape]) =>
        shape.optional && all[name] === undefined ? undefined : shape.wrong(all[name], `${at}/${name}`),
      );
    },
  };
};

/** Any names, and each value of this shape. */
export const mapOf = (shape: Shape): Shape => ({
  wrong(value, at) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return at;
    return firstOf(Object.entries(value), ([name, member]) => shape.wrong(member, `${at}/${name}`));
  },
});

/** Throws RangeError with the place of the first thing that isn't as it should be. */
export function demand(shape: Shape, value: unknown): void {
  const wrong = shape.wrong(value, '');
  if (wrong !== undefined)
    throw new RangeError(`${wrong === '' ? 'its content' : wrong} is not what it should be`);
}

function firstOf<T>(items: Iterable<T>, look: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = look(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
