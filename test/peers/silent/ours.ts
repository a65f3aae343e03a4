import { readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { minute, site } from './world.ts';

/** What came of a stage, by the number of the failure, as the page has it. */
type Cells = Record<string, string>;

const often = 'schedule: every 15 minutes, rpo: 30m';
const both = { dc02: often, sql01: often };

type It = Awaited<ReturnType<typeof site>>;

/** An agent that has made a first point of each VM. */
async function settled(it: It, vms: string[], ...flags: string[]) {
  const agent = it.agent(...flags);
  await it.until(() => vms.every(vm => agent.said().includes(`${vm}: point`)), 30);
  return agent;
}

/** Minutes of the lab's clock, as the bound that they keep. */
function within(minutes: number, most: number): string {
  expect(minutes).toBeLessThanOrEqual(most);
  return `within ${most} min`;
}

/** Without what differs from run to run. */
const quoted = ({ title }: { title: string }): string =>
  title
    .replace('converge: ', '')
    .replace(/127\.0\.0\.1:\d+/, 'the vCenter')
    .replace(/\(\d.* old\)/, '(... old)')
    .replace(/file:\S+/, 'file:///dr');

const events = (it: It, rule: string) => it.told(rule).map(({ event }) => event);

async function neverRan(): Promise<Cells> {
  const it = await site({ vms: { dc02: often, gone01: often } });
  const agent = it.agent();
  await it.until(() => agent.said().includes('looking after'), 60);
  const took = await it.until(() => it.told('never').length > 0, 30);
  const [alert] = it.told('never');
  expect(alert).toMatchObject({ event: 'opened', subjects: ['gone01'] });
  let seen = await it.states();
  // It is tried again now and then, and says so.
  for (let n = 0; n < 5 && seen.vms.gone01!.endsWith('running'); n++) {
    await it.wait(1);
    seen = await it.states();
  }
  const { code, vms } = seen;
  expect(await it.metrics('vm_state{vm="gone01"')).toContain('state="never"} 1');
  await agent.end();
  // With no agent at all the status is the same.
  expect((await it.states()).vms.gone01).toBe(vms.gone01);
  await writeFile(
    join(it.dir, 'bad.yaml'),
    "converge: 1\nresources: { protected_vm: { dc02: { repository: 'file:///dr', schedule: 'cron 0 0 31 2 *' } } }\n",
  );
  const refused = await it.converge('validate', 'bad.yaml');
  expect(refused.stderr).toMatch(/bad\.yaml:2:\d+/);
  return {
    1: `alert \`never\` ${within(took, 5)}: "${quoted(alert!)}"; \`status\` says \`${vms.gone01}\`, exit ${code}, with an agent or without; \`converge_vm_state{state="never"} 1\`. A cron line that no date fits: \`validate\` exits with ${refused.code} and its place`,
  };
}

async function repositoryGone(): Promise<Cells> {
  const it = await site({ vms: both });
  const agent = await settled(it, ['dc02', 'sql01']);
  expect(it.told()).toEqual([]);
  const repository = join(it.dir, 'lab/host/dr');
  await rename(repository, `${repository}-away`);
  const took = await it.until(() => it.told('repository-gone').length > 0, 10);
  const beats = it.beats().length;
  await it.wait(20);
  const { code, vms } = await it.states();
  expect(await readdir(join(it.dir, 'lab/host'))).not.toContain('dr');
  expect(it.beats()).toHaveLength(beats);
  await rename(`${repository}-away`, repository);
  const back = await it.until(() => events(it, 'repository-gone').includes('recovered'), 10);
  expect(it.told().map(({ event, rule }) => `${event} ${rule}`)).toEqual([
    'opened repository-gone',
    'recovered repository-gone',
  ]);
  expect(it.told()[0]!.subjects).toHaveLength(2);
  await it.until(() => /point 2/.test(agent.said()), 20);
  await agent.end();
  return {
    2: `one alert \`repository-gone\` ${within(took, 2)}, naming both VMs, its end ${within(back, 2)} after it is back; \`status\` says \`${vms.dc02}\`, exit ${code}; signs of life stop, so a dead man's switch tells as well; nothing is made in its place`,
  };
}

async function allSkipped(): Promise<Cells> {
  const it = await site({ vms: both });
  let agent = await settled(it, ['dc02', 'sql01']);
  const from = it.clock.now();
  await it.converge('lab', 'fault', 'unavailable', '--on', 'vsphere', '--times', '100000');
  await it.until(() => it.told('failed-twice').length > 0, 20);
  const warned = (it.clock.now() - from) / minute;
  const late = await it.states();
  expect(late.vms).toEqual({ dc02: 'late overdue', sql01: 'late overdue' });
  await it.until(() => it.told('breached').length > 0, 20);
  const took = (it.clock.now() - from) / minute;
  // Points that are made at two moments are breached at two: the second one is told of after 5 minutes.
  await it.until(() => new Set(it.told('breached').flatMap(({ subjects }) => subjects)).size === 2, 6);
  const named = (it.clock.now() - from) / minute;
  const breached = await it.states();
  expect(events(it, 'breached').filter(event => event !== 'grown')).toEqual(['opened']);
  const truth = await it.metrics('vm_newest_point', 'vm_state', 'vm_breached', 'vm_rpo', 'vms{');
  const told = it.told().length;
  await agent.end();
  expect(await it.metrics('vm_newest_point', 'vm_state', 'vm_breached', 'vm_rpo', 'vms{')).toBe(truth);
  agent = it.agent();
  await it.wait(10);
  expect(await it.metrics('vm_newest_point', 'vm_state', 'vm_breached', 'vm_rpo', 'vms{')).toBe(truth);
  expect(it.told()).toHaveLength(told);
  await it.converge('lab', 'fault', 'clear', '--on', 'vsphere');
  const back = await it.until(() => events(it, 'breached').includes('recovered'), 20);
  await agent.end();
  return {
    3: `all VMs are \`${late.vms.dc02}\` when they are due, a warning \`failed-twice\` ${within(warned, 20)}, one alert \`breached\` ${within(took, 32)} (the RPO is 30 min), which names both ${within(named, 38)}, \`status\` exits with ${breached.code}`,
    5: `\`converge metrics\` is the same before, without and after the agent: state, newest point, target, breach; no message at the restart, neither "over" nor once more; its end ${within(back, 16)} after the cause is gone`,
  };
}

async function fewerSelected(): Promise<Cells> {
  const it = await site({ vms: { win: `${often}, select: { name: "*" }` } });
  let agent = await settled(it, ['dc02', 'sql01']);
  await it.converge('lab', 'remove-vm', 'sql01');
  const took = await it.until(() => it.told('fewer-selected').length > 0, 10);
  await agent.end();
  agent = it.agent();
  await it.wait(5);
  expect(events(it, 'fewer-selected')).toEqual(['opened']);
  const { vms } = await it.states();
  expect((await it.converge('apply', 'm.yaml', '--allow', 'protected_vm:win')).code).toBe(0);
  const meant = await it.until(() => events(it, 'fewer-selected').includes('recovered'), 5);
  await agent.end();
  return {
    3: `a selection that means fewer: alert \`fewer-selected\` ${within(took, 2)}: "${quoted(it.told('fewer-selected')[0]!)}"; it outlives a restart, and ends ${within(meant, 2)} after that; \`status\` has the VM as \`${vms.sql01}\``,
  };
}

async function longFull(): Promise<Cells> {
  const quick = { dc02: 'schedule: every 3 minutes, rpo: 12m' };
  const it = await site({ vms: quick }, undefined, 'stepped');
  const agent = await settled(it, ['dc02'], '--slots', '2');
  const task = ['--set', `ms=${9 * minute}`, '--set', 'method=CreateSnapshot_Task'];
  await it.converge('lab', 'fault', 'slow-task', '--on', 'vsphere', ...task);
  await it.declare({ vms: { ...quick, sql01: 'schedule: every 3 minutes, rpo: 6h' } });
  await it.wait(8);
  const { vms } = await it.states();
  const points = (await it.points()).dc02!;
  expect(points).toBeGreaterThan(1);
  expect(it.told()).toEqual([]);
  await it.until(() => agent.said().includes('sql01: point'), 60);
  await agent.end();
  expect(it.told()).toEqual([]);
  return {
    4: `a first copy of 9 min beside a schedule of 3 minutes: no message at all; \`status\` has it as \`${vms.sql01}\``,
    8: `the same: the other VM stays \`${vms.dc02!.split(' ')[0]}\` with an RPO of 12 min, since first copies get a quarter of the slots`,
  };
}

async function asleep(): Promise<Cells> {
  const it = await site({ vms: both });
  let agent = await settled(it, ['dc02', 'sql01']);
  const hours = 5 * 60 * minute;
  it.clock.pass(hours);
  await it.wait(5);
  await agent.end();
  expect(await it.points()).toEqual({ dc02: 2, sql01: 2 });
  it.clock.pass(hours);
  agent = it.agent();
  await it.wait(5);
  await agent.end();
  expect(await it.points()).toEqual({ dc02: 3, sql01: 3 });
  expect(it.told()).toEqual([]);
  return {
    6: 'asleep for 5 h, then off for 5 h: one point of each VM both times, at once, and no message, since they are in time again before anybody looks',
  };
}

async function overlap(): Promise<Cells> {
  const seldom = 'schedule: every 6 hours, rpo: 24h';
  const it = await site({ vms: { dc02: seldom, sql01: seldom } });
  const [one, two] = await Promise.all([it.once(), it.once('--state', 'other')]);
  expect([one.code, two.code]).toEqual([0, 0]);
  expect(await it.points()).toEqual({ dc02: 1, sql01: 1 });
  return {
    7: `two \`agent --once\` at once, with state folders of their own, before there is any point: one point of each VM, both exit with ${one.code}. What becomes of one that is killed in each step of a cycle is in [movers.md](movers.md): others take over when its lease has run out, after 5 min, and no hand is needed`,
  };
}

async function clocksChange(): Promise<Cells> {
  const made: string[] = [];
  for (const [year, month, day] of [
    [2026, 9, 25],
    [2027, 2, 28],
  ] as const) {
    const it = await site(
      { vms: { dc02: 'schedule: every day at 02:30, timezone: Europe/Berlin' } },
      Date.UTC(year, month, day - 1, 12),
    );
    const first = await it.once();
    expect(first.code, first.stderr).toBe(0);
    it.clock.pass(12 * 60 * minute - (it.clock.now() - Date.UTC(year, month, day - 1, 12)));
    for (let quarter = 0; quarter < 16; quarter++) {
      await it.once();
      it.clock.pass(15 * minute);
    }
    const night = (await it.pointTimes('dc02')).slice(1);
    expect(night).toHaveLength(1);
    made.push(new Date(night[0]!).toISOString().slice(0, 16));
  }
  return {
    9: `02:30 every day in Berlin, looked at every quarter of an hour: one point in each of the two nights, of ${made.join('Z and of ')}Z`,
  };
}

async function oldSnapshot(): Promise<Cells> {
  const it = await site({ vms: { dc02: often } });
  const agent = await settled(it, ['dc02']);
  await it.converge('lab', 'add-snapshot', 'dc02', 'before-update');
  const took = await it.until(() => it.told('failed-twice').length > 0, 20);
  const [alert] = it.told('failed-twice');
  expect(alert!.title).toContain('has the snapshot "before-update"');
  await agent.end();
  return {
    10: `somebody else's snapshot that lasts: the cycle says it, and a warning \`failed-twice\` ${within(took, 20)}: "${quoted(alert!)}"`,
  };
}

async function pointsGone(): Promise<Cells> {
  const it = await site({ vms: { dc02: often } });
  const agent = await settled(it, ['dc02']);
  const from = it.clock.now();
  await rename(join(it.dir, 'lab/host/dr/vms'), join(it.dir, 'vms'));
  await it.until(() => it.told('failed-twice').length > 0, 20);
  const warned = (it.clock.now() - from) / minute;
  const [alert] = it.told('failed-twice');
  expect(alert!.title).toContain('there is none now: its points were removed');
  await it.until(() => it.told('never').length > 0, 20);
  const took = (it.clock.now() - from) / minute;
  const { code, vms } = await it.states();
  expect(agent.said()).not.toContain('point 2');
  await agent.end();
  return {
    10: `all points of a VM removed: a warning \`failed-twice\` ${within(warned, 18)}: "${quoted(alert!)}"; a critical \`never\` ${within(took, 33)}; \`status\` says \`${vms.dc02}\`, exit ${code}; no new copy begins unseen. The snapshot of a killed agent is removed by the next cycle ([movers.md](movers.md)); a sample of what is stored is read once a day, and \`verify\` reads all of it`,
  };
}

/** In the order of the page. */
export const OURS: readonly (() => Promise<Cells>)[] = [
  neverRan,
  repositoryGone,
  allSkipped,
  fewerSelected,
  longFull,
  asleep,
  overlap,
  clocksChange,
  oldSnapshot,
  pointsGone,
];
