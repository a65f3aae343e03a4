import type { FileHandle } from 'node:fs/promises';

/** How many more changes to files happen before the process is, as far as files can tell, dead. */
const life = { left: Number.POSITIVE_INFINITY };

/** Changes that have begun and not ended. */
const underWay = new Set<Promise<unknown>>();

/**
 * Does `work` in a life of `steps` changes to files, and says whether it got through. A dead process changes
 * nothing any more: this returns when what was under way at its death has ended, so that the next life can't
 * meet a change of the last one.
 */
export async function inALifeOf(steps: number, work: () => Promise<unknown>): Promise<boolean> {
  life.left = steps;
  try {
    return await work().then(
      () => true,
      () => false,
    );
  } finally {
    while (underWay.size > 0) await Promise.allSettled(underWay);
    life.left = Number.POSITIVE_INFINITY;
  }
}

/** Handles that a killed process left open; the test's own process has to close them. */
const opened = new Set<FileHandle>();
export async function closeLeftOpen(): Promise<void> {
  await Promise.all([...opened].map(file => file.close().catch(() => {})));
  opened.clear();
}

type Real = typeof import('node:fs/promises');

/** The file functions, whose changes fail once `life` has run out; reading goes on. */
export function mortal(real: Real): Real {
  const live =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (life.left-- <= 0) throw new Error('killed');
      const change = call(...args);
      underWay.add(change);
      return change.finally(() => underWay.delete(change));
    };
  const open: Real['open'] = async (path, flags, mode) => {
    const opens = () => real.open(path, flags, mode);
    const file = await (flags === 'r' || flags === 'r+' ? opens() : live(opens)());
    opened.add(file);
    for (const name of ['write', 'writev', 'truncate'] as const) {
      Object.assign(file, {
        [name]: live((file[name] as (...args: unknown[]) => Promise<unknown>).bind(file)),
      });
    }
    return file;
  };
  return {
    ...real,
    open,
    rename: live(real.rename),
    rm: live(real.rm),
    copyFile: live(real.copyFile),
    writeFile: live(real.writeFile as (...args: unknown[]) => Promise<void>) as Real['writeFile'],
    mkdir: live(real.mkdir as (...args: unknown[]) => Promise<undefined>) as Real['mkdir'],
  };
}
