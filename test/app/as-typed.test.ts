import { expect, test } from 'vitest';
import { asTyped, withPaths } from '../../src/app/as-typed.ts';

test('the next command names what was typed for this one, as a shell takes it', () => {
  expect(asTyped(['m', 'a b.yaml'], { env: 'prod', set: ['size=2', "who=it's"] })).toBe(
    `m 'a b.yaml' --env prod --set size=2 --set 'who=it'\\''s'`,
  );
  expect(asTyped(['m'], { lab: true, state: 'st' })).toBe('m --state st --lab');
  expect(
    asTyped([], { lab: '/tmp/lab', repository: 's3://b/dr', key: 'file:dr.key', region: 'eu-west-1' }),
  ).toBe('--repository s3://b/dr --key file:dr.key --region eu-west-1 --lab /tmp/lab');
});

test('commands in what is said name it, and nothing else does', () => {
  const typed = { paths: 'm --lab' };
  expect(withPaths('make it: `converge replicate web01 --replica PATHS`, or ask', typed)).toBe(
    'make it: `converge replicate web01 --replica m --lab`, or ask',
  );
  expect(withPaths('`converge a PATHS` and `converge b PATHS -o x`', typed)).toBe(
    '`converge a m --lab` and `converge b m --lab -o x`',
  );
  for (const text of ['name the plan, or PATHS in its place', '`converge x` takes PATHS', 'the file PATHS'])
    expect(withPaths(text, typed)).toBe(text);
});

test('in the place of manifests a repository is named where a command takes one', () => {
  const typed = { repository: '--repository s3://b/dr' };
  expect(withPaths('`converge failover cleanup web PATHS`', typed)).toBe(
    '`converge failover cleanup web --repository s3://b/dr`',
  );
  const alone = '`converge replicate web01 PATHS`';
  expect(withPaths(alone, typed)).toBe(alone);
  expect(withPaths(alone, {})).toBe(alone);
});
