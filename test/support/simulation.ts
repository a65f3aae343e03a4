import { Agenda, busyPause, type Duty, type Outcome } from '../../src/operation/agenda.ts';
import { Heap } from '../../src/operation/heap.ts';
import { leaseTtl } from '../../src/replication/cycle/lease.ts';
import { dueAfter, phaseOf, type Timetable } from '../../src/schedule/due.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

export interface Simulated {
  vms: number;
  slots: number;
  days: number;
  /** ms. */
  every: number;
  rpo: number;
  /** Shortest and longest usual cycle, ms. */
  cycle: [number, number];
  /** VMs that have no point yet, and how long their first copy takes, ms. */
  firsts?: { count: number; takes: number };
  /** Cycles of a hundred thousand that turn out to read everything, and how long those take, ms. */
  rescans?: { of: number; takes: number };
  /** VMs are spread over so many vCenters, each with a limit. */
  vcenters?: { count: number; most: number };
  /** The agent dies then, and another one goes on after so long, ms. */
  kills?: { at: number; away: number }[];
  /** Movers that share the slots evenly. One that dies leaves its VMs leased; another takes its place, ms. */
  movers?: { count: number; deaths: { mover: number; at: number; away: number }[] };
  /** One queue by deadline, without lanes and limits, in which long cycles take nobody's slot. */
  ideal?: boolean;
}

export interface Outcomes {
  /** Of all time of all VMs that had a point, the share with one young enough, in percent. */
  attainment: number;
  /** Oldest newest point that was seen, ms. */
  oldest: number;
  cycles: number;
  /** Longest time from ready to begun of 99 of 100 cycles, ms. */
  startP99: number;
  /** Of the slots' time, the share that was used. */
  load: number;
}

interface Vm {
  id: string;
  newest: number | undefined;
  /** When its newest point that was counted so far was made. */
  breached: number;
  since: number;
  leased: number;
}

interface Cycle {
  vm: Vm;
  isDead: boolean;
}

/** The production scheduling on a clock of events: nothing of it waits, so that a week takes seconds. */
export function simulate(given: Simulated): Outcomes {
  const { vms: count, slots, days, every, rpo, firsts, rescans, vcenters, kills = [], ideal = false } = given;
  const { count: moverCount, deaths } = given.movers ?? { count: 1, deaths: [] };
  const movers = Array.from({ length: moverCount }, () => ({ cycles: new Set<Cycle>(), isAway: false }));
  const slotsEach = slots / moverCount;
  /** Cycles of dead movers, which nobody has found out about yet. */
  let lost = 0;
  const end = days * day;
  const next = random(7);
  const timetable: Timetable = { schedule: { every }, timezone: 'UTC', windows: [] };
  const phases = Array.from({ length: count }, (_, n) => phaseOf(`vm${n}`));
  const vms = Array.from({ length: count }, (_, n): Vm => {
    const isNew = firsts !== undefined && n < firsts.count;
    const newest = isNew ? undefined : -next() * every;
    return { id: `vm${n}`, newest, breached: 0, since: newest ?? Number.NaN, leased: 0 };
  });
  const duties = vms.map(
    ({ id }, n): Duty => ({
      id,
      places: vcenters && !ideal ? [{ name: `vc${n % vcenters.count}`, most: vcenters.most }] : [],
      next: newest =>
        newest === undefined
          ? { ready: 0, deadline: 0 }
          : { ready: dueAfter(timetable, newest, phases[n]!), deadline: newest + rpo },
    }),
  );
  const events = new Heap<() => void>();
  const readyAt = new Map<string, number>();
  const starts: number[] = [];
  let now = 0;
  let cycles = 0;
  let busy = 0;
  let oldest = 0;
  let life = 0;
  const begin = () => {
    const agenda = new Agenda(ideal ? count : slots);
    const newest = new Map(vms.map(({ id, newest }) => [id, newest]));
    agenda.sync(duties, newest, now);
    return agenda;
  };
  let agenda: Agenda | undefined = begin();
  const waiting = new Heap<Vm>();
  let idealRunning = 0;

  const note = (vm: Vm, at: number) => {
    if (vm.newest !== undefined) {
      const age = now - vm.newest;
      oldest = Math.max(oldest, age);
      vm.breached += Math.max(0, now - Math.max(vm.newest + rpo, vm.since));
    }
    vm.since = Math.max(now, vm.newest === undefined ? now : vm.since);
    vm.newest = at;
  };

  const run = (vm: Vm) => {
    const mine = life;
    const began = now;
    const isFirst = vm.newest === undefined;
    if (vm.leased > now) return finish(vm, { result: 'busy' }, mine);
    const isLong = isFirst || (rescans !== undefined && next() * 100_000 < rescans.of);
    if (isLong && !isFirst && !ideal && !agenda!.becomeLong(vm.id))
      return finish(vm, { result: 'put-back' }, mine);
    cycles++;
    if (!isFirst) starts.push(began - (readyAt.get(vm.id) ?? began));
    const takes = isFirst
      ? firsts!.takes
      : isLong
        ? rescans!.takes
        : given.cycle[0] + next() * (given.cycle[1] - given.cycle[0]);
    vm.leased = now + leaseTtl;
    if (!(ideal && isLong)) busy += Math.min(takes, end - now);
    const cycle: Cycle = { vm, isDead: false };
    const mover = movers.reduce((a, b) => (loadOf(b) < loadOf(a) ? b : a));
    mover.cycles.add(cycle);
    events.push(now + takes, () => {
      mover.cycles.delete(cycle);
      if (mine !== life || cycle.isDead) return;
      vm.leased = 0;
      note(vm, began);
      if (ideal && !isLong) idealRunning--;
      finish(vm, { result: 'made', newest: began, long: false }, mine);
    });
    if (ideal && isLong) idealRunning--;
  };
  const finish = (vm: Vm, outcome: Outcome, of: number) => {
    if (of !== life || !agenda) return;
    agenda.ended(vm.id, outcome, now);
    if (ideal && outcome.result !== 'made') idealRunning--;
    const n = Number(vm.id.slice(2));
    if (vm.newest !== undefined)
      readyAt.set(vm.id, Math.max(now, dueAfter(timetable, vm.newest, phases[n]!)));
  };
  const step = () => {
    if (!agenda) return;
    for (let id = agenda.take(now); id !== undefined; id = agenda.take(now)) {
      const vm = vms[Number(id.slice(2))]!;
      if (ideal) waiting.push((vm.newest ?? 0) + rpo, vm);
      else run(vm);
    }
    while (ideal && waiting.size > 0 && idealRunning < slots) {
      idealRunning++;
      run(waiting.shift()!);
    }
  };

  for (const { at, away } of kills) {
    events.push(at, () => {
      life++;
      agenda = undefined;
      idealRunning = 0;
      while (waiting.size > 0) waiting.shift();
    });
    events.push(at + away, () => {
      agenda = begin();
    });
  }
  const resize = () => {
    if (agenda && !ideal) agenda.slots = movers.filter(({ isAway }) => !isAway).length * slotsEach + lost;
  };
  for (const { mover, at, away } of ideal ? [] : deaths) {
    const dying = movers[mover]!;
    events.push(at, () => {
      dying.isAway = true;
      for (const cycle of dying.cycles) {
        cycle.isDead = true;
        cycle.vm.leased = now + leaseTtl;
        lost++;
        const mine = life;
        events.push(now + takenOverWithin, () => {
          lost--;
          resize();
          finish(cycle.vm, { result: 'untouched', after: 0 }, mine);
        });
      }
      dying.cycles.clear();
      resize();
    });
    events.push(at + away, () => {
      dying.isAway = false;
      resize();
    });
  }
  step();
  for (;;) {
    const at = Math.min(
      events.first?.key ?? Number.POSITIVE_INFINITY,
      agenda?.nextReady() ?? Number.POSITIVE_INFINITY,
    );
    if (at >= end) break;
    now = Math.max(now, at);
    while ((events.first?.key ?? Number.POSITIVE_INFINITY) <= now) events.shift()!();
    step();
  }
  now = end;
  let counted = 0;
  let breached = 0;
  for (const vm of vms) {
    if (vm.newest === undefined) continue;
    note(vm, vm.newest);
    counted += end - (Number(vm.id.slice(2)) < (firsts?.count ?? 0) ? (firsts?.takes ?? 0) : 0);
    breached += vm.breached;
  }
  starts.sort((a, b) => a - b);
  return {
    attainment: counted === 0 ? 100 : 100 * (1 - breached / counted),
    oldest,
    cycles,
    startP99: starts[Math.floor(starts.length * 0.99)] ?? 0,
    load: busy / (slots * end),
  };
}

const loadOf = ({ cycles, isAway }: { cycles: ReadonlySet<Cycle>; isAway: boolean }): number =>
  isAway ? Number.POSITIVE_INFINITY : cycles.size;

/** How long after a kill the VMs of a dead agent are free, and looked at again, at the latest, ms. */
export const takenOverWithin = leaseTtl + busyPause;

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}
