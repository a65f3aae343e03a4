import { expect, it } from 'vitest';
import { choosePoints } from '../../src/recovery/target/point-choice.ts';

const vms = ['dc01', 'SQL01'];

it('gives each machine its own point, and the others that of all', () => {
  const time = '2026-11-28T06:00:00Z';
  const { all, of } = choosePoints([time, 'sql01=c3d96b78'], vms);
  expect([all, ...of]).toEqual([time, ['sql01', 'c3d96b78']]);
  expect(choosePoints([], vms).all).toBe('latest');
  expect(choosePoints(['c3d96b78'], ['dc01']).all).toBe('c3d96b78');
});

it.each([
  [['c3d96b78'], 'an id is of one machine, and the plan has 2'],
  [['web9=c3d96b78'], 'the plan has no machine of that name'],
  [['dc01=aaaa', 'DC01=bbbb'], 'a point of that machine was given before'],
  [['latest', '2026-11-28T06:00:00Z'], 'only one can be that of all machines'],
])('refuses %j', (asked, message) => {
  const refused = expect.objectContaining({ code: 'bad-point', message: expect.stringContaining(message) });
  expect(() => choosePoints(asked, vms)).toThrow(expect.objectContaining({ diagnostics: [refused] }));
});
