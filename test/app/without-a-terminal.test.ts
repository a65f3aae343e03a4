import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Context, makeContext } from '../../src/app/app-context.ts';
import type { Notice, Reporter } from '../../src/app/reporter.ts';
import { listPoints } from '../../src/app/repository/list-points.ts';
import { replicate } from '../../src/app/repository/replicate.ts';
import { restore } from '../../src/app/repository/restore.ts';
import { verify } from '../../src/app/repository/verify.ts';
import { apply } from '../../src/app/run/apply.ts';
import { planManifests } from '../../src/app/run/plan-manifests.ts';
import type { Diagnostic } from '../../src/diagnostics/diagnostic.ts';
import type { RunEvent } from '../../src/engine/model/events.ts';
import type { Plan } from '../../src/engine/model/plan.ts';
import { nodeHost } from '../../src/io/node.ts';
import { scratch } from '../support/cli.ts';

/** Whoever runs the application without a terminal: a web page, an agent. All that it was told, as data. */
async function face() {
  const told = {
    diagnostics: [] as Diagnostic[],
    notices: [] as Notice[],
    plans: [] as Plan[],
    events: [] as RunEvent[],
    results: 0,
  };
  const reporter: Reporter = {
    diagnostics: found => void told.diagnostics.push(...found),
    notice: notice => void told.notices.push(notice),
    run: async () => ({
      event: event => void told.events.push(event),
      plan: plan => void told.plans.push(plan),
      begin() {},
      async settled() {},
      async result() {
        told.results++;
      },
      async close() {},
    }),
  };
  const cwd = await scratch();
  const host = { ...nodeHost(), cwd, env: {} };
  const context: Context = makeContext({ host, interrupt: new AbortController().signal }, () => reporter);
  return { cwd, context, told };
}

const manifest = `converge: 1
targets:
  home: { type: vsphere, url: https://vc.example.com, username: a, password: "\${secret('env:NONE')}" }
  dr: { type: aws, region: eu-west-1 }
resources:
  bucket: { points: {} }
  protected_vm:
    dc02: { repository: s3://points/dr, schedule: every 15 minutes }
`;

test('plan, apply, replicate, verify and restore as calls, with what they say as data', async () => {
  const { cwd, context, told } = await face();
  await writeFile(join(cwd, 'm.yaml'), manifest);
  const place = { lab: 'lab', lockTimeout: 0 };
  const planned = await planManifests(context, ['m.yaml'], place);
  expect(told.diagnostics).toEqual([]);
  expect(planned?.plan.resources.map(({ address, action }) => `${address} ${action}`)).toEqual([
    'bucket:points create',
    'protected_vm:dc02 create',
  ]);
  expect(told.plans).toEqual([]);

  const applied = await apply(context, ['m.yaml'], place);
  expect(applied?.code).toBe(0);
  expect(applied?.report?.proof?.empty).toBe(true);
  // What the repository asks of S3 is under the target that was asked, not under the VM's.
  const soap = applied?.report?.calls.home?.made ?? 0;
  expect(soap).toBeGreaterThan(10);
  expect(applied?.report?.calls.dr?.made).toBeGreaterThan(15);
  expect(told.plans.map(plan => plan.digest)).toEqual([planned?.plan.digest]);
  expect(told.events.filter(({ type }) => type === 'finished')).toHaveLength(2);
  expect(told.results).toBe(1);
  expect(new Set(told.notices.map(({ type }) => type))).toEqual(new Set(['lab']));

  const made = await replicate(context, 'dc02', ['m.yaml'], place);
  expect(made?.vm).toBe('dc02');
  if (!made || 'suspended' in made) throw new Error('no point was made');
  const repository = { ...place, repository: 's3://points/dr' };
  const points = await listPoints(context, 'dc02', repository);
  expect(points?.points.map(({ generation }) => generation)).toEqual([1, 2]);
  expect(points?.points.at(-1)?.id).toBe(made.cycle.point.id);
  expect((await verify(context, undefined, repository))?.diagnostics).toEqual([]);

  const restored = await restore(context, 'dc02', { ...repository, point: 'latest', to: 'restored' });
  expect(restored?.point.id).toBe(made.cycle.point.id);
  expect((await readFile(join(cwd, 'restored/disk-0.raw'))).length).toBe(16 * 2 ** 20);
  expect(told.diagnostics).toEqual([]);
});

test('who may approve is asked with the plan, and a no leaves everything as it is', async () => {
  const { cwd, context, told } = await face();
  await writeFile(join(cwd, 'm.yaml'), 'converge: 1\nresources: { file: { a.txt: { content: x } } }\n');
  const asked: Plan[] = [];
  const answer = (yes: boolean) => async (plan: Plan) => {
    asked.push(plan);
    return yes;
  };
  const no = await apply(context, ['m.yaml'], { lockTimeout: 0 }, answer(false));
  expect(no).toEqual({ code: 8, diagnostics: [] });
  expect(asked).toEqual(told.plans);
  expect(told.results).toBe(0);
  await expect(readFile(join(cwd, 'a.txt'))).rejects.toThrow('ENOENT');

  const yes = await apply(context, ['m.yaml'], { lockTimeout: 0 }, answer(true));
  expect(yes?.code).toBe(0);
  expect(await readFile(join(cwd, 'a.txt'), 'utf8')).toBe('x');
  expect(asked).toHaveLength(2);
});
