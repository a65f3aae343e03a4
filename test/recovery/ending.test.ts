import { expect, test } from 'vitest';
import { isApproved } from '../../src/app/approval.ts';
import { refuseBeside } from '../../src/app/recovery/failover.ts';
import { endsOf, refuseLosing } from '../../src/app/recovery/real/ends.ts';
import { takenOverLine } from '../../src/cli/commands/recovery/outcome-lines.ts';
import { Failure, world } from '../../src/diagnostics/diagnostic.ts';
import { standing } from '../../src/recovery/failover/standing.ts';
import { commit, takeOver, undoOne } from '../../src/recovery/failover/take-over.ts';
import { type Run, type RunStep, stateOf } from '../../src/recovery/run/run.ts';
import { machinesOf, notTakenOver, refuseLeaving, whereIs } from '../../src/recovery/run/where.ts';
import { livesInAws } from '../../src/replication/model/pauses.ts';
import { pinned } from '../../src/replication/retention/pins.ts';
import { away } from './away.ts';
import { killedBefore } from './begun.ts';
import { real } from './taken-over.ts';

/** A record of two machines, after these steps. */
function record(...steps: object[]): Run {
  const machines = ['dc02', 'web01'].map(vm => ({ vm, uuid: vm, point: vm }));
  const start = { version: 1, plan: 'dr', number: 1, kind: 'real', groups: [{ machines, wait: 0 }] };
  return { start, steps: steps.map(step => ({ at: 5, ...step })) as RunStep[] } as unknown as Run;
}

const up = (vm: string) => [
  { what: 'launched', vm, instance: `i-${vm}` },
  { what: 'swapped', vm, instance: `i-${vm}` },
];
const both = [...up('dc02'), ...up('web01'), { what: 'finished', ok: true }];
const leaving = [...both, { what: 'failback', vm: 'web01' }];
const gone = [...leaving, { what: 'brought', vm: 'web01' }];

const refused = (act: () => void): string => {
  try {
    act();
  } catch (error) {
    return (error as Failure).diagnostics
      .map(({ code, message, hint }) => `${code}: ${message}: ${hint}`)
      .join('\n');
  }
  return '';
};
const losing = (run: Run, only?: string, ...allow: string[]) =>
  refused(() => refuseLosing(run, endsOf(run, only), only, allow));

test('where each machine of a run is, by its record alone', () => {
  const at = (vm: string, ...steps: object[]) => whereIs(record(...steps), vm);
  expect(at('web01', ...up('dc02'))).toBe('nowhere');
  expect(at('web01', up('web01')[0]!)).toBe('unfinished');
  expect(at('web01', ...both)).toBe('there');
  expect(at('web01', ...both, { what: 'retry', vms: ['web01'], anew: ['web01'] })).toBe('nowhere');
  expect(at('web01', ...leaving)).toBe('homeward');
  expect(at('web01', ...gone)).toBe('home');
  expect(at('dc02', ...gone)).toBe('there');
  expect(at('web01', ...gone, { what: 'ending', vm: 'web01' })).toBe('ending');
  expect(at('web01', ...gone, { what: 'ended', vm: 'web01' })).toBe('ended');
});

test('one that was left behind when another went home is ended by no undo that does not name it', () => {
  const run = record(...gone);
  expect(losing(run)).toMatch(/^failover-standing: dc02 .* wasn't brought home: all that it has written/);
  expect(losing(run)).toContain('`converge failover undo dr PATHS --only recovery_target:web01`');
  expect(losing(run, undefined, 'recovery_target:dc02')).toBe('');
  expect(losing(run, 'web01')).toBe('');
  expect(losing(run, 'dc02')).toBe('');
  expect(losing(record(...both))).toBe('');
  // What is lost is told before.
  expect(endsOf(run)).toEqual([
    { vm: 'dc02', where: 'there', since: 5 },
    { vm: 'web01', where: 'home' },
  ]);
});

test('one that is on its way home is ended by nobody', () => {
  const run = record(...leaving);
  expect(losing(run, 'web01')).toMatch(
    /^failback-begun: web01 .* its one whole copy is in EC2: .*failback web01/,
  );
  expect(losing(run)).toContain('failback-begun: web01');
  expect(losing(run, 'web01', 'recovery_target:web01')).toBe('');
});

test('one that was committed is ended when it is home', () => {
  const committed = { what: 'committed' };
  expect(losing(record(...both, committed), 'web01')).toMatch(/^failover-committed: web01 .* lives in AWS/);
  expect(losing(record(...both, committed), 'web01', 'recovery_target:web01')).toBe('');
  expect(losing(record(...both, committed, ...gone.slice(both.length)), 'web01')).toBe('');
});

test('nothing is tried again of a run that a machine has left', () => {
  expect(refused(() => refuseLeaving(record(...leaving)))).toContain(
    'web01 of failover 1 of dr is being brought home',
  );
  expect(refused(() => refuseLeaving(record(...gone)))).toContain('--only recovery_target:web01`');
  const ended = record(...both, { what: 'ending', vm: 'web01' }, { what: 'ended', vm: 'web01' });
  expect(refused(() => refuseLeaving(ended))).toContain('failback-begun');
});

test('a committed run says which of it is where, and the way out of each', () => {
  const run = record(...gone, { what: 'committed' });
  const said = refused(() => refuseBeside(run, 'test', 'm'));
  expect(said).toContain('dc02 lives in AWS, and something of web01 is left in EC2');
  expect(said).toContain('undo dr PATHS --only recovery_target:web01');
  expect(said).toContain('another recovery_plan');
});

test('half a failover is not said to have taken over', () => {
  const run = record(...up('dc02'), { what: 'finished', ok: false });
  expect(notTakenOver(run)).toEqual(['web01']);
  const line = takenOverLine('dr', 1000, { recovered: [], missing: notTakenOver(run) }, 'm');
  expect(line).toMatch(
    /^NOT taken over, .*web01 was not launched; try again: .*retry dr m; end it: .*undo dr m$/,
  );
  expect(takenOverLine('dr', 1000, { recovered: [], missing: [] }, 'm')).toContain('commit dr m');
});

test('where nobody can be asked, nobody has said yes', async () => {
  const refusal = () => new Failure(world('not-approved', 'nobody'));
  await expect(isApproved('nobody', undefined, refusal)).rejects.toThrow('nobody');
  expect(await isApproved('given', undefined, refusal)).toBe(true);
  expect(await isApproved(async () => false, undefined, refusal)).toBe(false);
});

test.for(['end', 'terminate', 'delete-snapshot', 'unsuspend', 'lift', 'ended', 'cleaned'])(
  'committed, brought home, and what is left ended: killed before %s, the same goes on',
  async step => {
    const home = await away();
    await commit(await home.at());
    expect(livesInAws((await home.held())!)).toBe(true);
    await home.toFolder();
    // It is home, whatever was decided before.
    expect(livesInAws((await home.held())!)).toBe(false);
    const end = async (at?: (name: string) => Promise<void>) => {
      const options = await home.at(at);
      return undoOne(machinesOf(options.run)[0]!, { ...options, cloud: home.recovery });
    };
    await expect(end(killedBefore(step))).rejects.toThrow('killed');
    if ((await home.live()).length > 0) expect(await home.held()).toBeDefined();
    await end();
    expect(await home.live()).toEqual([]);
    expect(await home.held()).toBeUndefined();
    expect(await pinned(home.repository)).toEqual([]);
    const { run } = await home.at();
    expect(stateOf(run)).toBe('cleaned');
    const nothing = { instances: [], images: [], volumes: [], snapshots: [], foreign: [] };
    expect(await standing(home.repository, run, home.recovery)).toMatchObject(nothing);
  },
);

test('one of two is ended alone', async () => {
  const two = await real({}, async ({ machine }) => ({
    groups: [{ wait: 0, machines: [machine, { ...machine, vm: 'dc02', uuid: 'dc02' }] }],
  }));
  await takeOver(await two.at());
  const options = await two.at();
  const [web01] = machinesOf(options.run);
  const done = await undoOne(web01!, { ...options, cloud: two.recovery });
  expect(done).toMatchObject({ instances: 1, foreign: [] });
  const live = await two.live();
  expect(live.map(({ Tags }) => Tags!.find(({ Key }) => Key === 'converge:vm')!.Value)).toEqual(['dc02']);
  expect(await two.held()).toBeUndefined();
  const { run } = await two.at();
  expect(machinesOf(run).map(({ vm }) => whereIs(run, vm))).toEqual(['ended', 'there']);
  // The other one is kept, and alone.
  await commit(await two.at());
  expect(await two.held()).toBeUndefined();
  expect(await two.live()).toHaveLength(1);
});
