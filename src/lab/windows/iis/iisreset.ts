import type { Tool } from '../machine.ts';
import { read } from './effective.ts';
import { openServer, pools, sites } from './host.ts';
import { readRuntime, writeRuntime } from './runtime.ts';

/** iisreset.exe: `/restart` (the default), `/start` and `/stop`. What starts by itself is started again. */
export const iisreset: Tool = async (call, machine) => {
  const words = call.args.map(each => each.toLowerCase().replace(/^-/, '/'));
  const stop = words.includes('/stop');
  const start = words.includes('/start');
  const runtime = await readRuntime(machine);
  const server = await openServer(machine, call.env);
  const off = <T extends string>(names: T[]) =>
    Object.fromEntries(names.map(name => [name, 'Stopped' as const]));
  await writeRuntime(machine, {
    ...runtime,
    sites: stop ? off((await sites(server)).map(site => read(site, 'id'))) : {},
    pools: stop ? off((await pools(server)).map(pool => read(pool, 'name').toLowerCase())) : {},
  });
  const stopped = ['Attempting stop...', 'Internet services successfully stopped'];
  const started = [
    'Attempting start...',
    `Internet services successfully ${start ? 'started' : 'restarted'}`,
  ];
  const lines = ['', ...(start ? [] : stopped), ...(stop ? [] : started)];
  return { exitCode: 0, stdout: lines.map(line => `${line}\r\n`).join(''), stderr: '' };
};
