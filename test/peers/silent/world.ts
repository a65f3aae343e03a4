import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { nodeHost } from '../../../src/io/node.ts';
import type { Clock } from '../../../src/io/ports.ts';
import { openLab, publish } from '../../../src/lab/lab.ts';
import { cli, scratch } from '../../support/cli.ts';
import { type HttpsReceiver, httpsReceiver } from '../../support/https-receiver.ts';
import { PassingClock } from '../../support/passing-clock.ts';
import { SteppedClock } from '../../support/stepped-clock.ts';

export const minute = 60_000;

/** A message as the receiver got it. */
export interface Told {
  event: string;
  rule: string;
  subjects: string[];
  title: string;
}

export interface Declared {
  /** Each VM, or each selection, with what is declared for it. */
  vms: Record<string, string>;
  repository?: string;
  /** Where it is kept what the route was told. */
  board?: string;
  limits?: string;
}

/**
 * A site in a lab on a clock that passes as soon as nothing else goes on, a receiver of alerts, and agents
 * that the test starts and ends.
 *
 * @param begin by the lab's clock, ms since the epoch
 */
export async function site(
  first: Declared,
  begin = Date.UTC(2026, 10, 28, 12),
  by: 'passing' | 'stepped' = 'passing',
) {
  const dir = await scratch();
  const stepped = new SteppedClock(begin);
  const passing = new PassingClock(begin);
  const clock: Clock = by === 'stepped' ? stepped : passing;

  const receiver = await httpsReceiver();
  const host = { ...nodeHost(), cwd: dir, clock };
  // Its certificate has to hold by this machine's clock.
  await (
    await openLab(join(dir, 'lab'), {
      host: { ...host, clock: nodeHost().clock },
      seeded: true,
      lockTimeout: 0,
    })
  ).close();
  // Served, so that commands and agents share it.
  const lab = await openLab(join(dir, 'lab'), { host, seeded: true, lockTimeout: 0 });
  const published = await publish(lab, host);
  onTestFinished(async () => {
    await published.close();
    await lab.close();
  });
  const env = { VC: 'x', HOOK: receiver.url };
  const declare = async (declared: Declared, file = 'm.yaml') =>
    writeFile(join(dir, file), manifests(declared, receiver));
  await declare(first);
  const converge = (...args: string[]) => cli(dir, [...args, '--lab', 'lab'], { env, clock });
  const beats: number[] = [];
  const heard: (Told & { at: number })[] = [];
  receiver.got.push = (...bodies: unknown[]) => {
    for (const body of bodies as (Told | undefined)[])
      if (body) heard.push({ ...body, at: clock.now() });
      else beats.push(clock.now());
    return heard.length;
  };
  const agents: (() => string)[] = [];
  const lastSaid = () => agents.at(-1)?.().slice(-4_000) ?? '';
  const agent = (...flags: string[]) => {
    const ending = new AbortController();
    let said = '';
    const ended = cli(dir, ['agent', 'm.yaml', '--lab', 'lab', ...flags], {
      ...{ env, clock, interrupt: ending.signal },
      onStdout: text => {
        said += text;
      },
    });
    agents.push(() => said);
    return {
      ended,
      said: () => said,
      end() {
        ending.abort('SIGTERM');
        return ended;
      },
    };
  };
  const sleep = async (ms: number): Promise<void> => {
    if (by === 'passing') return clock.sleep(ms);
    // What waits for the world gets its turns between the steps.
    for (let passed = 0; passed < ms; passed += 250) {
      await stepped.advance(250);
      await new Promise(turn => setTimeout(turn, 1));
    }
  };
  /** Lets time pass until it holds, at most so many minutes; how many it took. */
  const until = async (holds: () => boolean | Promise<boolean>, most: number): Promise<number> => {
    const from = clock.now();
    while (!(await holds())) {
      if (clock.now() - from > most * minute)
        throw new Error(`not within ${most} minutes of the lab's clock:\n${lastSaid()}`);
      await sleep(5_000);
    }
    return (clock.now() - from) / minute;
  };
  const wait = (minutes: number) => sleep(minutes * minute);
  const told = (rule?: string) => heard.filter(one => rule === undefined || one.rule === rule);
  const states = async () => {
    const { code, stdout } = await converge('status', 'm.yaml', '--format', 'json');
    const { vms } = JSON.parse(stdout) as { vms: { vm: string; state: string; reason: string }[] };
    return { code, vms: Object.fromEntries(vms.map(one => [one.vm, `${one.state} ${one.reason}`])) };
  };
  /** Lines of metrics that begin so, those alone that say yes for states. */
  const metrics = async (...names: string[]) => {
    const { stdout } = await converge('metrics', 'm.yaml');
    return stdout
      .split('\n')
      .filter(line => names.some(name => line.startsWith(`converge_${name}`)))
      .join('\n');
  };
  const all = async () => {
    const { stdout } = await converge('points', '--repository', 'file:///dr', '--format', 'json');
    return JSON.parse(stdout) as { vm: { name: string }; time: string }[];
  };
  /** How many points each VM has. */
  const points = async () => {
    const counts: Record<string, number> = {};
    for (const { vm } of await all()) counts[vm.name] = (counts[vm.name] ?? 0) + 1;
    return counts;
  };
  const pointTimes = async (name: string) =>
    (await all())
      .filter(({ vm }) => vm.name === name)
      .map(({ time }) => Date.parse(time))
      .toSorted();
  const once = (...flags: string[]) => converge('agent', 'm.yaml', '--once', ...flags);
  return {
    ...{ env, metrics, points, pointTimes, once, beats: () => beats },
    dir,
    clock: passing,
    converge,
    agent,
    declare,
    until,
    wait,
    told,
    states,
  };
}

function manifests(
  { vms, repository = 'file:///dr', board = repository, limits = '' }: Declared,
  by: HttpsReceiver,
) {
  const home = `{ type: vsphere, url: https://vc.example.com, username: u, password: "\${secret('env:VC')}"${limits} }`;
  const authority = by.ca.replace(/^/gm, '          ');
  const declared = Object.entries(vms).map(
    ([vm, rest]) => `    ${vm}: { repository: '${repository}', ${rest} }\n`,
  );
  return `converge: 1
targets: { home: ${home} }
resources:
  protected_vm:
${declared.join('')}  alert_route:
    ops:
      repository: '${board}'
      webhook:
        shape: json
        url: "\${secret('env:HOOK')}"
        private: true
        ca: |
${authority}
    outside:
      repository: '${board}'
      heartbeat:
        url: "\${secret('env:HOOK')}"
        private: true
        ca: |
${authority}
`;
}
