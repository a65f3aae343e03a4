import { expect, test } from 'vitest';
import { type Build, oldChunks } from '../../tools/old-chunks.ts';

const day = 24 * 60 * 60_000;
const now = 100 * day;
const build = (daysAgo: number, ...chunks: string[]): Build => ({ at: now - daysAgo * day, chunks });
const written = (daysAgo: number, ...names: string[]) =>
  new Map(names.map(name => [name, now - daysAgo * day] as const));

test('the newest three builds keep their chunks, however old', () => {
  const builds = [build(0, 'd'), build(40, 'c', 'shared'), build(50, 'b'), build(60, 'a', 'shared')];
  const { remove, builds: left } = oldChunks(builds, written(60, 'a', 'b', 'c', 'd', 'shared'), now);
  expect(remove).toEqual(['a']);
  expect(left).toEqual(builds.slice(0, 3));
});

test('what was replaced within a day stays for those that run from it, though its chunk is old', () => {
  const builds = [build(0, 'e'), build(0.1, 'd'), build(0.2, 'c'), build(0.3, 'b'), build(30, 'a')];
  const { remove, builds: left } = oldChunks(builds, written(30, 'a', 'b', 'c', 'd', 'e'), now);
  expect(remove).toEqual([]);
  expect(left).toEqual(builds);
});

test('a chunk that no known build has goes when it is a day old', () => {
  const there = new Map([...written(2, 'old', 'mine'), ...written(0.5, 'young')]);
  expect(oldChunks([build(0, 'mine')], there, now).remove).toEqual(['old']);
});
