import { expect, test } from 'vitest';
import { oneBehind } from '../../src/replication/model/pipelined.ts';

const turn = () => new Promise(setImmediate);

async function* upTo(n: number, made: (item: number) => void): AsyncGenerator<number> {
  for (let item = 1; item <= n; item++) {
    await turn();
    made(item);
    yield item;
  }
}

test('the next is made while one is worked on, one at a time and in order', async () => {
  const log: string[] = [];
  await oneBehind(
    upTo(3, item => log.push(`made ${item}`)),
    async item => {
      log.push(`begins ${item}`);
      for (let n = 0; n < 5; n++) await turn();
      log.push(`ends ${item}`);
    },
  );
  expect(log).toEqual([
    ...['made 1', 'begins 1', 'made 2', 'ends 1'],
    ...['begins 2', 'made 3', 'ends 2', 'begins 3', 'ends 3'],
  ]);
});

test.each([1, 2, 3])('work %i that fails ends it, and nothing goes on behind it', async fails => {
  let open = 0;
  const done: number[] = [];
  const work = async (item: number) => {
    open++;
    for (let n = 0; n < 3; n++) await turn();
    open--;
    if (item === fails) throw new Error(`no ${item}`);
    done.push(item);
  };
  await expect(
    oneBehind(
      upTo(3, () => {}),
      work,
    ),
  ).rejects.toThrow(`no ${fails}`);
  expect(open).toBe(0);
  expect(done).toEqual([1, 2, 3].slice(0, fails - 1));
});

test('what can’t be made ends it once what is under way has ended', async () => {
  let ended = false;
  async function* items() {
    yield 1;
    throw new Error('gone');
  }
  const work = async () => {
    for (let n = 0; n < 3; n++) await turn();
    ended = true;
  };
  await expect(oneBehind(items(), work)).rejects.toThrow('gone');
  expect(ended).toBe(true);
});
