import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import type { ReadIo } from '../../../engine/model/io.ts';
import type { ListQuery } from '../../../engine/model/resource-type.ts';
import { readServiceStates, readStartups, serviceNames } from '../../../windows/services/services.ts';
import { chosen, unsaid } from '../../shared/list-declarations.ts';
import { readUnits, unitOf } from './systemd.ts';

/** On Windows all services, or those that are named; on Linux those that are named. */
export async function* listServices(query: ListQuery<unknown>, io: ReadIo) {
  const states = io.platform === 'win32' ? await onWindows(query, io) : await onLinux(query, io);
  const found = [...states].map(([title, { startup, state }]) =>
    ['automatic', 'delayed', 'manual', 'disabled'].includes(startup ?? '') &&
    ['running', 'stopped'].includes(state ?? '')
      ? { title, properties: { startup, state } }
      : unsaid(title, `it is ${startup} and ${state}, which no property says`),
  );
  yield* chosen(found, query, 'service');
}

async function onWindows({ titles }: ListQuery<unknown>, io: ReadIo) {
  const all = await serviceNames(io);
  const wanted = titles?.map(title => title.toLowerCase());
  const names = all.filter(name => wanted?.includes(name.toLowerCase()) ?? true);
  const startups = await readStartups(io, names);
  const states = await readServiceStates(io, [...startups.keys()]);
  return new Map([...states].map(([name, state]) => [name, { startup: startups.get(name)!, state }]));
}

async function onLinux({ titles }: ListQuery<unknown>, io: ReadIo) {
  if (!titles)
    throw new Failure(
      given('no-titles', 'services of Linux are adopted by name', { hint: 'converge adopt service nginx' }),
    );
  const units = await readUnits(io, titles.map(unitOf));
  return new Map(
    titles.flatMap(title => {
      const state = units.get(unitOf(title));
      return state ? [[title, state] as const] : [];
    }),
  );
}
