import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type BundleParts, beanstalkBundle, platforms } from '../../src/bundle/beanstalk.ts';
import { bundled, template, textOf } from './support.ts';

const names = Object.keys(platforms) as (keyof typeof platforms)[];

/** The name of the version on the instance. */
const idOf = (files: ReturnType<typeof bundled>) =>
  /converge[\\/]([0-9a-f]{16})/.exec(files.map(({ bytes }) => Buffer.from(bytes)).join('\n'))?.[1];

describe.each(names)('a bundle for %s', platform => {
  const { folder } = platforms[platform];
  const files = bundled(platform);

  test('lists the digest of every file that is to run, and of nothing else', () => {
    const lines = textOf(files, `${folder}/SHA256SUMS`).trimEnd().split('\n');
    const agent = files.filter(({ path }) => path.startsWith(`${folder}/agent/`));
    expect(lines).toEqual(
      agent.map(
        ({ path, bytes }) =>
          `${createHash('sha256').update(bytes).digest('hex')}  ${path.slice(`${folder}/agent/`.length)}`,
      ),
    );
    expect(lines.length).toBeGreaterThan(6);
  });

  test('has every blank of its scripts filled in, but for the one that only the instance can fill', () => {
    const blanks = files.flatMap(
      ({ bytes }) =>
        Buffer.from(bytes)
          .toString('utf8')
          .match(/@[A-Z]+@/g) ?? [],
    );
    expect(new Set(blanks)).toEqual(new Set(platform === 'beanstalk-windows' ? ['@PROGRAM@'] : []));
  });

  test('has scripts that read the same in every code page', () => {
    const odd = files.filter(({ bytes }) => bytes.some(byte => byte > 126));
    expect(odd.map(({ path }) => path)).toEqual([]);
  });

  const others: [string, Partial<BundleParts>][] = [
    ['program', { program: Buffer.from('another\n') }],
    ['Node', { node: Buffer.from('another\n') }],
    ['key', { trust: [{ path: 'fedcba9876543210.pub', bytes: Buffer.from('another\n') }] }],
    ['bucket', { self: 's3://other/' }],
    ['interval', { minutes: 6 }],
    ['modules', { modules: [] }],
    ['way of taking what is new', { onlyRollouts: true }],
    [
      'script',
      {
        template: template(platform).map(file =>
          /run\.(cmd|sh)$/.test(file.path)
            ? { ...file, bytes: Buffer.concat([file.bytes, Buffer.from('\n')]) }
            : file,
        ),
      },
    ],
  ];
  test.each(others)('is another version on the instance with another %s', (_, change) => {
    expect(idOf(files)).toMatch(/^[0-9a-f]{16}$/);
    expect(idOf(bundled(platform, change))).not.toBe(idOf(files));
  });

  test('is the same from the same parts, in whatever order they were read', () => {
    const parts = template(platform);
    expect(bundled(platform, { template: parts.toReversed() })).toEqual(files);
  });
});

test('what cmd reads has the ends of lines that it needs, however it was checked out', () => {
  const files = bundled('beanstalk-windows', {
    template: [{ path: 'converge/agent/run.cmd', bytes: Buffer.from('a\r\nb\n') }],
  });
  expect(textOf(files, 'converge/agent/run.cmd')).toBe('a\r\nb\r\n');
});

test('nothing of the application is touched: all names are our own or Beanstalk’s', () => {
  const ours = /(^|\/)(converge|\d\d_converge)|^aws-windows-deployment-manifest\.json$/;
  for (const platform of names)
    for (const { path } of bundled(platform)) expect(path, platform).toMatch(ours);
});

test('a part that is not text is taken as it is', () => {
  const node = Buffer.from([0, 255, 64, 73, 68, 64, 13, 10]);
  const files = beanstalkBundle('beanstalk-windows', {
    template: [],
    node,
    program: node,
    modules: [],
    trust: [],
    self: 's3://bbb/',
    minutes: 1,
    onlyRollouts: false,
  });
  expect(files.find(({ path }) => path === 'converge/agent/node.exe')?.bytes).toEqual(node);
});
