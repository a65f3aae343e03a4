import { Heap } from './heap.ts';

/**
 * Whose cycle a slot goes to. A first copy, and a comparison of everything, read the whole VM, which may take
 * hours: they are `long`.
 */
export type Lane = 'long' | 'usual';

/** Somewhere cycles get in each other's way, and how many of them at most. */
export interface Place {
  name: string;
  most: number;
}

/** A VM whose next cycle is known. Times are ms since the epoch. */
export interface Candidate {
  lane: Lane;
  /** From when on it may begin. */
  ready: number;
  /** When its RPO is breached. */
  deadline: number;
  places: readonly Place[];
}

/** Slots that long cycles may have, and of a place: a quarter, and one where that is less. */
export const longSlots = (slots: number): number => Math.max(1, Math.floor(slots / 4));

interface Entry extends Candidate {
  id: string;
  group: Group;
  state: 'upcoming' | 'ready' | 'running' | 'gone';
}

/** Those that are ready and need the same room. */
interface Group {
  lane: Lane;
  places: readonly Place[];
  ready: Heap<Entry>;
}

/**
 * Who begins a cycle next, for any number of VMs: of those that are ready, the earliest deadline among those
 * whose lane and places have room. It holds what is upcoming, ready and running and has no clock; each step
 * costs the logarithm of the VMs and the number of different needs.
 */
export class Dispatch {
  /** May be changed at any time; what runs goes on. Infinity: whoever moves has limits of its own. */
  slots: number;
  readonly #entries = new Map<string, Entry>();
  readonly #upcoming = new Heap<Entry>();
  readonly #groups = new Map<string, Group>();
  /** Those with somebody who is ready. */
  readonly #active = new Set<Group>();
  /** By name of the place: cycles there, and the long ones among them. */
  readonly #held = new Map<string, Record<'all' | 'long', number>>();
  #running = 0;
  #long = 0;

  constructor(slots: number) {
    this.slots = slots;
  }

  get running(): number {
    return this.#running;
  }

  isRunning(id: string): boolean {
    return this.#entries.get(id)?.state === 'running';
  }

  /** Says when and how a VM is moved next, instead of what was said before; one that runs isn't touched. */
  set(id: string, candidate: Candidate): void {
    const before = this.#entries.get(id);
    if (before?.state === 'running') return;
    // What is said again leaves its entry where it is: heaps don't grow by being told.
    if (before && isSame(before, candidate)) return;
    if (before) before.state = 'gone';
    const { lane, ready, deadline, places } = candidate;
    const group = this.#groupOf(lane, places);
    const entry: Entry = { id, group, lane, ready, deadline, places, state: 'upcoming' };
    this.#entries.set(id, entry);
    this.#upcoming.push(ready, entry);
  }

  /** Forgets a VM; one that runs is forgotten when it has ended. */
  remove(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry || entry.state === 'running') return;
    entry.state = 'gone';
    this.#entries.delete(id);
  }

  /**
   * Takes a slot for whoever goes next; undefined: nobody may by now. Long cycles take no more than a quarter
   * of the slots and of each place, and never the only one from a VM that only has to be brought up to date.
   */
  take(now: number): string | undefined {
    this.#sort(now);
    if (this.#running >= this.slots) return undefined;
    const best = this.#best();
    const entry = best?.ready.shift();
    if (!entry) return undefined;
    entry.state = 'running';
    this.#count(entry, 1);
    return entry.id;
  }

  /** A cycle has ended: its VM is unknown until it is set again. */
  end(id: string): void {
    const entry = this.#entries.get(id);
    if (entry?.state !== 'running') return;
    this.#count(entry, -1);
    this.#entries.delete(id);
  }

  /**
   * A cycle that runs turns out to be a long one. False: the long lane has no room, and the cycle has to be
   * ended and set again as a long one.
   */
  becomeLong(id: string): boolean {
    const entry = this.#entries.get(id);
    if (entry?.state !== 'running' || entry.lane === 'long') return true;
    if (!this.#longMay(entry.places)) return false;
    this.#count(entry, -1);
    entry.lane = 'long';
    this.#count(entry, 1);
    return true;
  }

  /** When the next VM gets ready; undefined: none that is known. */
  nextReady(): number | undefined {
    for (;;) {
      const first = this.#upcoming.first;
      if (!first || first.value.state === 'upcoming') return first?.key;
      this.#upcoming.shift();
    }
  }

  /** VMs that are ready and have no room, as many as there are. */
  waiting(): string[] {
    return [...this.#entries.values()].flatMap(({ id, state }) => (state === 'ready' ? [id] : []));
  }

  #sort(now: number): void {
    for (let next = this.nextReady(); next !== undefined && next <= now; next = this.nextReady()) {
      const entry = this.#upcoming.shift()!;
      entry.state = 'ready';
      const { group } = entry;
      this.#active.add(group);
      group.ready.push(entry.deadline, entry);
    }
  }

  #groupOf(lane: Lane, places: readonly Place[]): Group {
    let name: string = lane;
    for (const place of places) name += `\0${place.name}\0${place.most}`;
    const group = this.#groups.get(name) ?? { lane, places, ready: new Heap<Entry>() };
    this.#groups.set(name, group);
    return group;
  }

  /** Of the groups with room for one more, the one whose first has the earliest deadline. */
  #best(): Group | undefined {
    let usual: Group | undefined;
    let usualWaits = false;
    /** Places of which a usual cycle waits for the only one. */
    const wanted = new Set<string>();
    const longs: Group[] = [];
    for (const group of this.#active) {
      const first = front(group);
      if (!first) {
        this.#active.delete(group);
        continue;
      }
      if (group.lane === 'long') {
        longs.push(group);
        continue;
      }
      usualWaits = true;
      for (const place of group.places)
        if (place.most === 1 && this.#hasRoom(group, place)) wanted.add(place.name);
      if (isBefore(group, usual) && this.#hasRoom(group)) usual = group;
    }
    if (this.slots === 1 && usualWaits) return usual;
    let best = usual;
    for (const group of longs)
      if (
        isBefore(group, best) &&
        this.#hasRoom(group) &&
        this.#longMay(group.places) &&
        !group.places.some(({ name }) => wanted.has(name))
      )
        best = group;
    return best;
  }

  /** @param but a place that isn't looked at */
  #hasRoom({ places }: Group, but?: Place): boolean {
    for (const place of places)
      if (place !== but && (this.#held.get(place.name)?.all ?? 0) >= place.most) return false;
    return true;
  }

  #longMay(places: readonly Place[]): boolean {
    if (this.#long >= longSlots(this.slots)) return false;
    for (const { name, most } of places)
      if ((this.#held.get(name)?.long ?? 0) >= longSlots(most)) return false;
    return true;
  }

  #count({ lane, places }: Entry, by: 1 | -1): void {
    this.#running += by;
    if (lane === 'long') this.#long += by;
    for (const { name } of places) {
      const held = this.#held.get(name) ?? { all: 0, long: 0 };
      held.all += by;
      if (lane === 'long') held.long += by;
      this.#held.set(name, held);
    }
  }
}

/** Whether the first of a group has an earlier deadline than that of another one, if there is one. */
const isBefore = (group: Group, other: Group | undefined): boolean =>
  other === undefined || front(group)!.deadline < front(other)!.deadline;

const isSame = (one: Candidate, other: Candidate): boolean =>
  one.lane === other.lane &&
  one.ready === other.ready &&
  one.deadline === other.deadline &&
  one.places.length === other.places.length &&
  one.places.every(({ name, most }, n) => name === other.places[n]!.name && most === other.places[n]!.most);

/** The first that is still of the group. */
function front({ ready }: Group): Entry | undefined {
  for (;;) {
    const first = ready.first?.value;
    if (!first || first.state === 'ready') return first;
    ready.shift();
  }
}
