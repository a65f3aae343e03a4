import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { eitherOf, underEither } from '../../src/io/either.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

test('it aborts with the first of its sources, and with its reason', () => {
  const [a, b] = [new AbortController(), new AbortController()];
  const { signal } = eitherOf(a.signal, undefined, b.signal);
  b.abort('second');
  a.abort('first');
  expect(signal.reason).toBe('second');
  expect(eitherOf(new AbortController().signal, b.signal).signal.reason).toBe('second');
  expect(eitherOf(undefined).signal.aborted).toBe(false);
});

test('released, nothing aborts it any more', async () => {
  const source = new AbortController();
  let lent: AbortSignal | undefined;
  const broke = underEither([source.signal], async signal => {
    lent = signal;
    throw new Error('broke');
  });
  await expect(broke).rejects.toThrow('broke');
  source.abort();
  expect(lent!.aborted).toBe(false);
});

test('what listened to one that was released is forgotten, however long its source lasts', async () => {
  const interrupt = new AbortController();
  const listens = () => {
    const buffer = Buffer.alloc(1_000);
    const { signal, release } = eitherOf(interrupt.signal, new AbortController().signal);
    signal.addEventListener('abort', () => buffer.fill(1), { once: true });
    release();
    return new WeakRef(buffer);
  };
  const forgotten = Array.from({ length: 10 }, listens);
  // A reference that was just made is kept until the end of its turn.
  await new Promise(setImmediate);
  collect();
  expect(forgotten.filter(one => one.deref() !== undefined)).toEqual([]);
  expect(interrupt.signal.aborted).toBe(false);
});
