import { hasPassed } from '../../io/until.ts';
import { longSlots } from '../dispatch.ts';
import type { Link } from './link.ts';
import type { Taken } from './wake-queue.ts';
import { type Answer, type Line, type WakeUp, wakeUpIn } from './wake-up.ts';

/** What a mover needs of the world to take wake-ups. */
export interface TakerPorts {
  /** ms since the epoch */
  now(): number;
  /** The vCenters of what it looks after. */
  domains(): Iterable<string>;
  /**
   * Looks at the VM of a wake-up, and moves it if it is due. `mayBeLong` is asked before it reads a whole VM
   * that has a point. One that rejects is a bug: nothing more is taken, and `turn` and `end` reject with it.
   */
  move(wake: WakeUp, mayBeLong: () => boolean): Promise<Handled>;
  /** Something else than a wake-up lay in a queue, and was taken out. */
  garbled(domain: string): void;
}

export interface Handled {
  answer: Answer;
  /**
   * This mover can't do it though others may: it isn't let to its vCenter or its store, or knows the VM
   * otherwise. It leaves the line to others for a while, so that it doesn't use up the turns of all VMs;
   * `briefly`: always for as long, since it is about one repository among several.
   */
  unable?: true | 'briefly';
}

/** How long a line is left to others, doubled by each further time, ms. */
const restPause = 10_000;
const longestRest = 5 * 60_000;

interface Rest {
  since: number;
  times: number;
}

const lengthOf = ({ times }: Rest): number => Math.min(restPause * 2 ** Math.min(times - 1, 10), longestRest);

/** Takes wake-ups as long as it has free slots. Its turns are somebody else's. */
export class Taker {
  readonly #link: Link;
  readonly #slots: number;
  readonly #ports: TakerPorts;
  readonly #running = new Map<Promise<void>, Taken>();
  readonly #rests = new Map<string, Rest>();
  #long = 0;
  #first = 0;
  #turn: Promise<void> | undefined;
  #isEnding = false;
  /** What a cycle rejected with. */
  #broken: { error: unknown } | undefined;

  constructor(link: Link, slots: number, ports: TakerPorts) {
    this.#link = link;
    this.#slots = slots;
    this.#ports = ports;
  }

  get running(): number {
    return this.#running.size;
  }

  /** Takes what there is room for. */
  turn(): Promise<void> {
    this.#turn ??= this.#takeAll().finally(() => {
      this.#turn = undefined;
    });
    return this.#turn;
  }

  /** Keeps what it has taken. */
  async keep(): Promise<void> {
    for (const taken of this.#running.values()) await this.#link.use(() => taken.keep());
  }

  /** Takes nothing any more, and waits for what runs. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#turn?.catch(this.#broke);
    await Promise.all(this.#running.keys());
    if (this.#broken) throw this.#broken.error;
  }

  readonly #broke = (error: unknown): void => {
    this.#broken ??= { error };
  };

  async #takeAll(): Promise<void> {
    if (this.#broken) throw this.#broken.error;
    // Each vCenter gets its turn as the first, and the lane of long cycles comes last.
    const domains = [...this.#ports.domains()];
    const from = this.#first++ % Math.max(1, domains.length);
    const turned = [...domains.slice(from), ...domains.slice(0, from)];
    for (const lane of ['usual', 'long'] as const)
      for (const domain of turned) while (this.#hasRoom(lane) && (await this.#takeOne({ domain, lane })));
  }

  #hasRoom(lane: Line['lane']): boolean {
    if (this.#isEnding || this.#broken || this.#running.size >= this.#slots) return false;
    return lane === 'usual' || this.#long < longSlots(this.#slots);
  }

  /** False: there is nothing to be taken. */
  async #takeOne(line: Line): Promise<boolean> {
    if (this.#isResting(line.domain)) return false;
    const taken = (await this.#link.use(queue => queue.take(line)))?.value;
    if (!taken) return false;
    const wake = wakeUpIn(taken.data);
    if (!wake) {
      this.#ports.garbled(line.domain);
      await this.#link.use(() => taken.answer({ result: 'declined' }));
      return true;
    }
    // Nobody waits for these two: a rejection of theirs would end the process, with all other cycles in it.
    const running = this.#move(line, wake, taken)
      .catch(this.#broke)
      .finally(() => {
        this.#running.delete(running);
        if (!this.#isEnding) void this.turn().catch(this.#broke);
      });
    this.#running.set(running, taken);
    return true;
  }

  async #move({ domain, lane }: Line, wake: WakeUp, taken: Taken): Promise<void> {
    let isLong = lane === 'long';
    if (isLong) this.#long++;
    const mayBeLong = (): boolean => {
      if (!isLong && this.#long >= longSlots(this.#slots)) return false;
      if (!isLong) this.#long++;
      isLong = true;
      return true;
    };
    const { answer, unable } = await this.#ports.move(wake, mayBeLong);
    if (isLong) this.#long--;
    this.#rest(domain, unable);
    await this.#link.use(() => taken.answer(answer));
  }

  #isResting(domain: string): boolean {
    const rest = this.#rests.get(domain);
    return rest !== undefined && !hasPassed(lengthOf(rest), rest.since, this.#ports.now());
  }

  #rest(domain: string, unable: Handled['unable']): void {
    if (!unable) {
      this.#rests.delete(domain);
      return;
    }
    // What was begun before the rest ends in it as well, and isn't counted again.
    if (this.#isResting(domain)) return;
    const times = unable === 'briefly' ? 1 : (this.#rests.get(domain)?.times ?? 0) + 1;
    this.#rests.set(domain, { times, since: this.#ports.now() });
  }
}
