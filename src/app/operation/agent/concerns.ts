import { agentKey } from '../../../engine/guard/agent-key.ts';
import { canonicalJson } from '../../../engine/model/canonical.ts';
import type { CatalogResource } from '../../../engine/model/catalog.ts';
import type { EngineMemory } from '../../../engine/model/world.ts';
import { plural } from '../../../io/units.ts';
import type { Condition } from '../../../operation/alerts/model.ts';
import type { Failing } from '../../../operation/alerts/rules.ts';
import { type Mover, moverSilence, type OpenAlert } from '../../../operation/model.ts';
import type { Read } from './manifests.ts';
import type { Moved } from './move-duty.ts';
import type { JobDone } from './slow-jobs.ts';

/** What of a cycle's words is for somebody to see to before it keeps points from being made. */
const watched: readonly [rule: Condition['rule'], codes: readonly string[]][] = [
  ['snapshot-old', ['snapshot-old', 'snapshot-left', 'snapshot-removal-failed']],
  ['datastore-low', ['datastore-low', 'datastore-full']],
];

/** Where a state folder keeps them. */
const key = 'agent-concerns';

/** As they are kept. */
interface KeptConcerns {
  name: string;
  failing: [vm: string, Failing][];
  conditions: [key: string, Condition & { since: number }][];
  selected: [selection: string, most: number][];
  declaredSince: [vm: string, ms: number][];
  routes: [route: string, why: string][];
}

/**
 * What an agent knows that is wrong and that no repository tells: cycles that fail, manifests, drift. Its
 * state folder keeps it, or whoever starts it anew would hear that all of it is over.
 */
export class Concerns {
  /** By the name of the VM: cycles that failed in a row. */
  readonly failing = new Map<string, Failing>();
  /** Since when VMs are declared, by name. */
  readonly declaredSince = new Map<string, number>();
  /** Routes that deliver nothing, and why. */
  readonly routes = new Map<string, string>();
  readonly #conditions = new Map<string, Condition & { since: number }>();
  /** Most VMs that each selection meant. */
  readonly #selected = new Map<string, number>();

  readonly #now: () => number;
  #name: string;

  /** @param name of an agent with a new state folder */
  constructor(now: () => number, name: string) {
    this.#now = now;
    this.#name = name;
  }

  /** Of the agent with this state folder, the same whenever it runs. */
  get name(): string {
    return this.#name;
  }

  /** Takes up what was kept. */
  restore(memory: EngineMemory): void {
    const kept = memory.get(key) as KeptConcerns | undefined;
    if (!kept) return;
    this.#name = kept.name;
    for (const [own, entries] of this.#parts(kept)) for (const [name, value] of entries) own.set(name, value);
  }

  /** Keeps what is known by now. */
  async keep(memory: EngineMemory): Promise<void> {
    const kept: KeptConcerns = {
      name: this.#name,
      failing: [...this.failing],
      conditions: [...this.#conditions],
      selected: [...this.#selected],
      declaredSince: [...this.declaredSince],
      routes: [...this.routes],
    };
    if (canonicalJson(memory.get(key) ?? null) !== canonicalJson(kept)) await memory.set(key, kept);
  }

  #parts(kept: KeptConcerns): [Map<string, unknown>, [string, unknown][]][] {
    return [
      [this.failing, kept.failing],
      [this.#conditions, kept.conditions],
      [this.#selected, kept.selected],
      [this.declaredSince, kept.declaredSince],
      [this.routes, kept.routes],
    ];
  }

  /** VMs that are declared by now, and repositories: what was wrong with others is nobody's concern. */
  declared(vms: readonly string[], repositories: readonly string[]): void {
    for (const vm of vms) if (!this.declaredSince.has(vm)) this.declaredSince.set(vm, this.#now());
    const known = new Set(vms);
    for (const map of [this.failing, this.declaredSince])
      for (const vm of map.keys()) if (!known.has(vm)) map.delete(vm);
    for (const [name, { rule, subject }] of this.#conditions) {
      const isOfVm = watched.some(([its]) => its === rule);
      const isGone = isOfVm ? !known.has(subject) : rule === 'damaged' && !repositories.includes(subject);
      if (isGone) this.#conditions.delete(name);
    }
  }

  /** What came of reading the manifests. */
  read(read: Read): void {
    const [first] = 'broken' in read ? read.broken : [];
    const text = first && `the manifests can not be used: ${first.message}`;
    this.say('broken-manifests', 'manifests', text);
    if ('broken' in read) return;
    const [held] = read.taken.held;
    this.say('held-back', 'manifests', held && `${held.address} protects less: ${held.why.join('; ')}`);
  }

  /** What `apply --allow` has let go of is meant: selections count from now on. */
  allowed(memory: EngineMemory): void {
    for (const selection of this.#selected.keys())
      if (memory.get(agentKey(selection)) === undefined) {
        this.#selected.delete(selection);
        this.say('fewer-selected', selection, undefined);
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
    const name = `${rule} ${subject}`;
    const since = this.#conditions.get(name)?.since ?? this.#now();
    if (text === undefined) this.#conditions.delete(name);
    else this.#conditions.set(name, { rule, severity, cause, subject, text, since });
  }

  /** Other agents of which nothing was heard for long, and that had not said that they end. */
  silent(movers: readonly Mover[], own: string, now: number): void {
    for (const { rule, subject } of this.all())
      if (rule === 'mover-gone' && !movers.some(({ id }) => id === subject))
        this.say(rule, subject, undefined);
    for (const { id, kind = 'agent', host, at, ended } of movers) {
      const isGone = id !== own && ended === undefined && now - at > moverSilence;
      const text = `the ${kind} on ${host} has not been heard of since ${new Date(at).toISOString()}`;
      this.say('mover-gone', id, isGone ? text : undefined);
    }
  }

  /** What a slow job came to. */
  noteJob({ job, subject = 'manifests', found }: JobDone): void {
    if (job === 'drift')
      this.say(job, subject, found > 0 ? `${found} things differ from what is declared` : undefined);
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

  /** What a cycle said about what is around its VM; one that came to nothing may not have looked. */
  #noteSurroundings(moved: Moved): void {
    const isWhole = 'cycle' in moved;
    const said = isWhole ? moved.cycle.warnings : 'diagnostics' in moved ? moved.diagnostics : [];
    for (const [rule, codes] of watched) {
      const one = said.find(({ code }) => codes.includes(code));
      if (one || isWhole) this.say(rule, moved.vm, one?.message.replace(/\.$/, ''), 'warning', one?.cause);
    }
  }

  /** How many VMs each selection means now. */
  selected(resources: readonly CatalogResource[]): void {
    const members = Map.groupBy(resources, ({ selectedBy }) => selectedBy);
    for (const selection of this.#selected.keys()) if (!members.has(selection)) members.set(selection, []);
    for (const [selection, now] of members) {
      if (selection === undefined) continue;
      const most = Math.max(now.length, this.#selected.get(selection) ?? 0);
      this.#selected.set(selection, most);
      const text = `${selection} means ${plural(now.length, 'VM')}, and meant ${most}; \`apply --allow ${selection}\` says that this is meant`;
      this.say('fewer-selected', selection, now.length < most ? text : undefined);
    }
  }
}
