import { expect, test } from 'vitest';
import { failedOf, tryAgain } from '../../src/recovery/failover/attempts.ts';
import { rehearse } from '../../src/recovery/failover/rehearse.ts';
import { ORDER_TAG, orderIn } from '../../src/recovery/guest/order.ts';
import { type GuestReport, reportLine } from '../../src/recovery/guest/report.ts';
import type { MachineCloud } from '../../src/recovery/model/machines.ts';
import { SERIES } from '../../src/recovery/model/plan.ts';
import { newestRun } from '../../src/recovery/run/keep.ts';
import type { PostLaunch } from '../../src/recovery/run/run.ts';
import { sha256 } from '../../src/values/digest.ts';
import { begun, killedBefore } from './begun.ts';

const digest = sha256('manifests');
const own: PostLaunch = { manifests: '../inside', digest, within: 0 };

type Says = (nonce: string, instance: string) => string;
const reports =
  (report: Partial<GuestReport>): Says =>
  nonce =>
    reportLine(nonce, { state: 'converged', digest, changes: 2, failures: [], ...report });

/** Machines with post-launch manifests, and what each of their instances writes to its console. */
async function world(says: Says, vms = ['web01'], of: PostLaunch = own) {
  const it = await begun({}, vms);
  const first = (await it.at()).run.start;
  const groups = first.groups.map(({ machines, wait }) => ({
    wait,
    machines: machines.map(one => ({ ...one, post_launch: of })),
  }));
  const start = { ...first, number: 2, groups };
  expect(await it.repository.records.add('web', SERIES.run, 2, start)).toBe(true);
  const at = async (step?: (name: string) => Promise<void>) => {
    const options = await it.at(step);
    const machines: MachineCloud = {
      ...it.machines,
      async console(instance) {
        const order = orderIn(await tagOf(instance));
        return `[    0.0] Linux\r\n${says(order!.nonce, instance)}\r\nlogin: `;
      },
    };
    return { ...options, cloud: { ...options.cloud, machines } };
  };
  const tagOf = async (instance: string): Promise<string> => {
    const found = (await it.all()).find(({ InstanceId }) => InstanceId === instance)!;
    return found.Tags!.find(({ Key }) => Key === ORDER_TAG)!.Value!;
  };
  return { ...it, at, tagOf };
}

test('the machine is told by a tag that it can read, and what it reports is a result like any other', async () => {
  const { at, all, tagOf } = await world(reports({}));
  const options = await at();
  const [recovered] = await rehearse(options);
  expect(recovered!.results.at(-1)).toEqual({
    probe: 'post-launch manifests ../inside',
    from: 'the machine itself',
    outcome: 'passed',
    saw: 'converged with 2 changes',
  });
  expect(options.run.steps.at(-1)).toMatchObject({ what: 'finished', ok: true });
  const [instance] = await all();
  expect(instance!.MetadataOptions).toMatchObject({
    HttpTokens: 'required',
    InstanceMetadataTags: 'enabled',
  });
  expect(orderIn(await tagOf(instance!.InstanceId!))).toMatchObject({ mode: 'apply', digest });
});

test('without post-launch manifests no tag can be read from within', async () => {
  const it = await begun();
  await rehearse(await it.at());
  expect((await it.all())[0]!.MetadataOptions).toMatchObject({ InstanceMetadataTags: 'disabled' });
});

const other = 'f'.repeat(64);
const stale = 'b'.repeat(32);
test.for<[what: string, says: Says, outcome: string, saw: RegExp]>([
  ['nothing', () => '', 'not run', /nothing in time; the last lines of its console: .*login:/],
  ['what another run said, from the disk', () => reports({})(stale, ''), 'not run', /reported nothing/],
  ['other manifests', reports({ state: 'other-manifests', digest: other }), 'failed', /another version/],
  ['converged, by others', reports({ digest: other }), 'failed', /another version \(f{16}, not/],
  ['begun, and never an end', reports({ state: 'begun' }), 'failed', /reported no end in time/],
  ['failed', reports({ state: 'failed', failures: ['file:/a: no'] }), 'failed', /^file:\/a: no$/],
  [
    'nothing readable',
    reports({ state: 'failed', digest: '', failures: ['no file /m'] }),
    'failed',
    /no file \/m/,
  ],
  ['a plan that nobody asked for', reports({ state: 'planned' }), 'failed', /not what it was asked for/],
])('%s is not a pass, and holds up the group after it', async ([, says, outcome, saw]) => {
  const { at } = await world(says, ['web01', 'db01']);
  const options = await at();
  const recovered = await rehearse(options);
  expect(recovered.map(({ vm }) => vm)).toEqual(['web01']);
  expect(recovered[0]!.results.at(-1)).toMatchObject({ outcome, saw: expect.stringMatching(saw) });
  expect(options.run.steps.at(-1)).toMatchObject({ what: 'finished', ok: false });
});

test('a plan alone passes when the machine could make one', async () => {
  const { at, tagOf, all } = await world(reports({ state: 'planned' }), ['web01'], { ...own, noop: true });
  const [recovered] = await rehearse(await at());
  expect(recovered!.results.at(-1)).toMatchObject({
    outcome: 'passed',
    saw: 'it would make 2 changes, and made none',
  });
  expect(orderIn(await tagOf((await all())[0]!.InstanceId!))).toMatchObject({ mode: 'plan' });
});

test('a failover that died while the machine converged goes on: one instance, the same nonce', async () => {
  const { at, all, tagOf } = await world(reports({}));
  await expect(rehearse(await at(killedBefore('probed-web01')))).rejects.toThrow('killed');
  const before = await tagOf((await all())[0]!.InstanceId!);
  const [recovered] = await rehearse(await at());
  expect(recovered!.results.at(-1)).toMatchObject({ outcome: 'passed' });
  expect(await all()).toHaveLength(1);
  expect(await tagOf(recovered!.instance)).toBe(before);
});

test('tried again as another instance it is told another nonce: what the first one said is not its', async () => {
  const nonces = new Map<string, string>();
  const says: Says = (nonce, instance) => {
    nonces.set(instance, nonce);
    return nonces.size === 1
      ? reports({ state: 'failed', failures: ['x'] })(nonce, '')
      : reports({})(nonce, '');
  };
  const { at, repository, recovery, all } = await world(says);
  const failed = await at();
  await rehearse(failed);
  const of = { repository, run: failed.run, cloud: recovery };
  const again = await failedOf(of, true);
  expect(again).toMatchObject(
    [{ vm: 'web01', anew: true, why: /post-launch/ }].map(one => ({
      ...one,
      why: expect.stringMatching(one.why),
    })),
  );
  await tryAgain(of, again, failed);
  const next = await at();
  const [recovered] = await rehearse(next);
  expect(recovered!.results.at(-1)).toMatchObject({ outcome: 'passed' });
  expect(await all()).toHaveLength(2);
  expect(new Set(nonces.values()).size).toBe(2);
  expect((await newestRun(repository, 'web'))!.start.number).toBe(2);
});

test('a name of a tag that no path can hold is refused where the machine is to read its tags', async () => {
  const it = await begun();
  await rehearse(await it.at());
  const { ImageId } = (await it.all())[0]!;
  const run = (readsTags: boolean) =>
    it.machines.run({
      image: ImageId!,
      type: 'm6i.large',
      subnet: it.network.subnet,
      groups: [it.network.group],
      token: `t-${readsTags}`,
      tags: { 'cost centre': '7' },
      readsTags,
    });
  await expect(run(true)).rejects.toThrow('cost centre');
  expect(await run(false)).toMatchObject({ instance: expect.stringMatching(/^i-/) });
});
