import type { Diagnostic } from '../../../diagnostics/diagnostic.ts';
import { canonicalJson } from '../../../engine/model/canonical.ts';
import type { Address } from '../../../engine/model/catalog.ts';
import type { EngineMemory } from '../../../engine/model/world.ts';
import { plural } from '../../../io/units.ts';
import type { Condition } from '../../../operation/alerts/model.ts';
import { type Mover, moverSilence, type OpenAlert } from '../../../operation/model.ts';
import type { Count } from '../declared/selections.ts';
import type { HeldBack } from '../declared/take-up.ts';
import type { Moved } from './move-duty.ts';
import type { JobDone } from './slow-jobs.ts';

/** What of a cycle's words is for somebody to see to before it keeps points from being made. */
const watched: readonly [rule: Condition['rule'], codes: readonly string[]][] = [
  ['snapshot-old', ['snapshot-old', 'snapshot-left', 'snapshot-removal-failed']],
  ['datastore-low', ['datastore-low', 'datastore-full']],
];

/** Those that nothing tells of before somebody looks the next time, which may be long after a start. */
const lasting: ReadonlySet<Condition['rule']> = new Set([
  'drift',
  'damaged',
  'snapshot-old',
  'datastore-low',
  'route-failing',
]);

/** Where a state folder keeps them. */
const memoryKey = 'agent-concerns';

interface Failing {
  times: number;
  code: string;
  message: string;
  /** When the last of them ended, ms; undefined in what older versions kept. */
  at?: number;
}

/** As they are kept. */
interface Kept {
  failing: [vm: string, failing: Failing][];
  declaredSince: [vm: string, ms: number][];
  seen: string[];
  conditions: [key: string, condition: Condition & { since: number }][];
}

/**
 * What an agent knows that is wrong and that no repository tells: cycles that fail, manifests, drift. Its
 * state folder keeps it: whoever starts the agent anew would else be told that all of it is over.
 */
export class Concerns {
  /** By the name of the VM: cycles that failed in a row. */
  readonly failing = new Map<string, Failing>();
  /** Since when VMs are declared, by name; ms. */
  readonly declaredSince = new Map<string, number>();
  /** Repositories that were there. */
  readonly seen = new Set<string>();
  /** VMs, by name, that another mover was at when this one wanted to move them; `agent --once` notes it. */
  readonly elsewhere = new Set<string>();
  readonly #conditions = new Map<string, Condition & { since: number }>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  restore(memory: Pick<EngineMemory, 'get'>): void {
    const kept = memory.get(memoryKey) as Kept | undefined;
    if (!kept) return;
    for (const [vm, failing] of kept.failing) this.failing.set(vm, failing);
    for (const [vm, since] of kept.declaredSince) this.declaredSince.set(vm, since);
    for (const url of kept.seen) this.seen.add(url);
    for (const [key, condition] of kept.conditions) this.#conditions.set(key, condition);
  }

  async keep(memory: Pick<EngineMemory, 'get' | 'set'>): Promise<void> {
    const kept: Kept = {
      failing: [...this.failing],
      declaredSince: [...this.declaredSince],
      seen: [...this.seen],
      conditions: [...this.#conditions].filter(([, { rule }]) => lasting.has(rule)),
    };
    if (canonicalJson(memory.get(memoryKey) ?? null) !== canonicalJson(kept))
      await memory.set(memoryKey, kept);
  }

  /**
   * What is declared by now, and the repositories that are there: of anything else nothing is wrong.
   *
   * @param isAll no VM is missing: what a selection means could be listed
   */
  declared(
    vms: readonly string[],
    repositories: ReadonlyMap<string, { repository?: unknown }>,
    isAll = true,
  ): void {
    for (const vm of vms) if (!this.declaredSince.has(vm)) this.declaredSince.set(vm, this.#now());
    const known = new Set(vms);
    for (const map of isAll ? [this.failing, this.declaredSince] : [])
      for (const vm of map.keys()) if (!known.has(vm)) map.delete(vm);
    for (const [url, { repository }] of repositories) if (repository) this.seen.add(url);
    for (const url of this.seen) if (!repositories.has(url)) this.seen.delete(url);
    for (const { rule, subject } of this.all()) {
      const isOfVm = watched.some(([its]) => its === rule);
      if (isOfVm ? isAll && !known.has(subject) : rule === 'damaged' && !repositories.has(subject))
        this.say(rule, subject, undefined);
    }
  }

  all(): Condition[] {
    return [...this.#conditions.values()];
  }

  /** The same, for whoever looks at this agent's page. */
  open(): OpenAlert[] {
    return [...this.#conditions.values()].map(({ rule, severity, subject, text, since }) => ({
      ...{ rule, severity, text, since },
      subjects: [subject],
    }));
  }

  /** Something is wrong; `text` undefined: it isn't any more. */
  say(
    rule: Condition['rule'],
    subject: string,
    text: string | undefined,
    severity: Condition['severity'] = 'warning',
    cause = subject,
  ): void {
    const key = `${rule} ${subject}`;
    const since = this.#conditions.get(key)?.since ?? this.#now();
    if (text === undefined) this.#conditions.delete(key);
    else this.#conditions.set(key, { rule, severity, cause, subject, text, since });
  }

  /**
   * Other agents of which nothing was heard for long, and that had not said that they end.
   *
   * @param isAll no repository is missing: one that is not among them is nobody's concern any more
   */
  silent(movers: readonly Mover[], own: string, now: number, isAll: boolean): void {
    const known = new Set(movers.map(({ id }) => id));
    for (const { rule, subject } of isAll ? this.all() : [])
      if (rule === 'mover-gone' && !known.has(subject)) this.say(rule, subject, undefined);
    for (const { id, kind = 'agent', host, at, ended } of movers) {
      const isGone = id !== own && ended === undefined && now - at > moverSilence;
      const text = `the ${kind} on ${host} has not been heard of since ${new Date(at).toISOString()}`;
      this.say('mover-gone', id, isGone ? text : undefined);
    }
  }

  /** Why the manifests can't be used; undefined: they can. */
  broken(why: readonly Diagnostic[] | undefined): void {
    const text = why?.[0] && `the manifests can not be used: ${why[0].message}`;
    this.say('broken-manifests', 'manifests', text);
  }

  /** VMs for which what was declared before goes on: the manifests are the cause of all of them. */
  held(all: readonly HeldBack[]): void {
    const still = new Set(all.map(({ address }) => address));
    for (const { rule, subject } of this.all())
      if (rule === 'held-back' && !still.has(subject as Address)) this.say(rule, subject, undefined);
    for (const { address, why } of all)
      this.say('held-back', address, `${address} protects less: ${why.join('; ')}`, 'warning', 'manifests');
  }

  /** What a slow job came to. */
  noteJob({ job, subject = 'manifests', found }: JobDone): void {
    if (job === 'drift')
      this.say(
        job,
        subject,
        found > 0
          ? `${plural(found, 'thing')} ${found === 1 ? 'differs' : 'differ'} from what is declared`
          : undefined,
      );
    if (job === 'verify')
      this.say('damaged', subject, found > 0 ? `${found} problems in ${subject}` : undefined, 'critical');
  }

  /** What a cycle came to. */
  note(moved: Moved): void {
    if ('cycle' in moved) this.made(moved.vm);
    const [first] = 'diagnostics' in moved ? moved.diagnostics : [];
    if (first) this.failed(moved.vm, first);
    this.#noteSurroundings(moved);
  }

  /** A point was made of the VM. */
  made(vm: string): void {
    this.failing.delete(vm);
  }

  /** A cycle of the VM failed, here or elsewhere. */
  failed(vm: string, { code, message }: { code: string; message: string }): void {
    const times = (this.failing.get(vm)?.times ?? 0) + 1;
    this.failing.set(vm, { times, code, message, at: this.#now() });
  }

  /** A point of that moment is there, by the clock here: whoever made it, what failed before has passed. */
  seenPoint(vm: string, time: number): void {
    const at = this.failing.get(vm)?.at;
    if (at !== undefined && time > at) this.made(vm);
  }

  /** What a cycle said about what is around its VM; one that came to nothing may not have looked. */
  #noteSurroundings(moved: Moved): void {
    const isWhole = 'cycle' in moved;
    const said = isWhole ? moved.cycle.warnings : 'diagnostics' in moved ? moved.diagnostics : [];
    for (const [rule, codes] of watched) {
      const one = said.find(({ code }) => codes.includes(code));
      if (one || isWhole) this.say(rule, moved.vm, one?.message.replace(/\.$/, ''), 'warning', one?.cause);
    }
  }

  /**
   * How many VMs each selection means now, and at most so far. One that means none is wrong from its first
   * moment; of one that is not among them nothing is said any more.
   */
  selected(counts: ReadonlyMap<Address, Count>): void {
    for (const { rule, subject } of this.all())
      if (rule === 'fewer-selected' && !counts.has(subject)) this.say(rule, subject, undefined);
    for (const [selection, { now, most }] of counts) {
      const fewer = `${selection} means ${plural(now, 'VM')}, and meant ${most}; \`apply --allow ${selection}\` where that is meant`;
      const text = now < most ? fewer : now === 0 ? `${selection} means no VM` : undefined;
      this.say('fewer-selected', selection, text);
    }
  }
}
