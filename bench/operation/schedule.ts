/**
 * What an agent's scheduling costs, and how well it does: `node bench/operation/schedule.ts [DAYS]`. It tells
 * how long one turn takes for 10,000 VMs, and a table of simulated agents beside an ideal queue. Nothing is
 * asserted; `docs/scaling.md` holds what a run gave.
 */
import { Agenda, type Duty } from '../../src/operation/agenda.ts';
import { type Simulated, simulate } from '../../test/support/simulation.ts';

const days = Number(process.argv[2] ?? 7);
const minute = 60_000;

/** A turn at its worst: everything has just been read anew, and everything is due at once. */
function turn(count: number, slots: number): { sync: number; again: number; take: number; one: number } {
  const duties = Array.from(
    { length: count },
    (_, n): Duty => ({
      id: `vm${n}`,
      places: [
        { name: `vc${n % 4}`, most: 32 },
        { name: `host${n % 100}`, most: 4 },
        { name: `store${n % 40}`, most: 8 },
      ],
      next: newest => ({ ready: newest! + 15 * minute, deadline: newest! + 30 * minute }),
    }),
  );
  const newest = new Map(duties.map(({ id }, n) => [id, n % 900]));
  const agenda = new Agenda(slots);
  const timed = (work: () => void): number => {
    const began = performance.now();
    work();
    return performance.now() - began;
  };
  const sync = timed(() => agenda.sync(duties, newest, 0));
  const again = timed(() => agenda.sync(duties, newest, minute));
  const taken: string[] = [];
  const take = timed(() => {
    for (let id = agenda.take(20 * minute); id !== undefined; id = agenda.take(20 * minute)) taken.push(id);
  });
  const one = timed(() => {
    agenda.ended(taken[0]!, { result: 'made', newest: 20 * minute, long: false }, 20 * minute);
    agenda.take(20 * minute);
  });
  return { sync, again, take, one };
}

const worst = Array.from({ length: 5 }, () => turn(10_000, 100));
const median = (of: keyof (typeof worst)[0]) =>
  worst
    .map(one => one[of])
    .sort((a, b) => a - b)[2]!
    .toFixed(2);
console.log('10,000 VMs, 100 slots, limits of 4 vCenters, 100 hosts, 40 datastores; ms, median of 5:');
console.log(
  `  taken up anew ${median('sync')}, said again ${median('again')}, all slots filled ${median('take')}, one ended and the next begun ${median('one')}`,
);

const usual = { every: 15 * minute, rpo: 30 * minute, cycle: [24_000, 96_000] as [number, number] };
const kill = { at: 30 * 60 * minute, away: 6 * minute };
/** Each of so many movers dies once a day, one after the other, and is replaced after ten minutes. */
const dying = (count: number): NonNullable<Simulated['movers']> => ({
  count,
  deaths: Array.from({ length: count * days }, (_, n) => ({
    mover: n % count,
    at: ((n + 0.5) * 24 * 60 * minute) / count,
    away: 10 * minute,
  })),
});

/** Of a cycle of a small change, S3's, as the lab's client counted them; US dollars of S3 Standard. */
const perCycle = { requests: 16, dollars: (10 * 0.005 + 6 * 0.0004) / 1000 };

const cases: [string, Simulated][] = [
  ['10 VMs, 2 slots', { ...usual, vms: 10, slots: 2, days }],
  ['100 VMs, 8 slots', { ...usual, vms: 100, slots: 8, days }],
  ['the same, the agent dies and another one goes on', { ...usual, vms: 100, slots: 8, days, kills: [kill] }],
  ['1,000 VMs, 80 slots', { ...usual, vms: 1000, slots: 80, days }],
  [
    'the same, 40 first copies of 4 h',
    { ...usual, vms: 1000, slots: 80, days, firsts: { count: 40, takes: 240 * minute } },
  ],
  [
    'the same, one cycle of 10,000 reads everything for 1 h',
    { ...usual, vms: 1000, slots: 80, days, rescans: { of: 10, takes: 60 * minute } },
  ],
  [
    'the same, 10 vCenters of 8 each',
    { ...usual, vms: 1000, slots: 80, days, vcenters: { count: 10, most: 8 } },
  ],
  ['1,000 VMs, 68 slots (load 0.98)', { ...usual, vms: 1000, slots: 68, days }],
  ['1,000 VMs, 60 slots (load 1.11)', { ...usual, vms: 1000, slots: 60, days }],
  ['1,000 VMs, 32 slots (load 2.1)', { ...usual, vms: 1000, slots: 32, days }],
  [
    '1,000 VMs, 10 movers of 8, each dies once a day',
    { ...usual, vms: 1000, slots: 80, days, movers: dying(10) },
  ],
  [
    'the same with limits: 10 vCenters of 8',
    { ...usual, vms: 1000, slots: 80, days, movers: dying(10), vcenters: { count: 10, most: 8 } },
  ],
  [
    '10,000 VMs, 100 movers of 8, each dies once a day',
    { ...usual, vms: 10_000, slots: 800, days, movers: dying(100) },
  ],
];
const minutes = (ms: number) => (ms / minute).toFixed(1);
console.log(
  `| case, ${days} days | attainment | ideal | oldest, min | ideal | start p99, s | load | requests a second | $ a VM and month |`,
);
console.log('|---|---|---|---|---|---|---|---|---|');
for (const [name, given] of cases) {
  const own = simulate(given);
  const ideal = simulate({ ...given, ideal: true });
  const cells = [
    name,
    own.attainment.toFixed(3),
    ideal.attainment.toFixed(3),
    minutes(own.oldest),
    minutes(ideal.oldest),
    Math.round(own.startP99 / 1000),
    own.load.toFixed(2),
    ((own.cycles * perCycle.requests) / (given.days * 86_400)).toFixed(1),
    (((own.cycles * perCycle.dollars) / given.vms / given.days) * 30).toFixed(2),
  ];
  console.log(`| ${cells.join(' | ')} |`);
}
