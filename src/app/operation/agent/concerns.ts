import type { CatalogResource } from '../../../engine/model/catalog.ts';
import { plural } from '../../../io/units.ts';
import type { Condition } from '../../../operation/alerts/model.ts';
import { type Mover, moverSilence, type OpenAlert } from '../../../operation/model.ts';
import type { Moved } from './move-duty.ts';
import type { JobDone } from './slow-jobs.ts';

/** What of a cycle's words is for somebody to see to before it keeps points from being made. */
const watched: readonly [rule: Condition['rule'], codes: readonly string[]][] = [
  ['snapshot-old', ['snapshot-old', 'snapshot-left', 'snapshot-removal-failed']],
  ['datastore-low', ['datastore-low', 'datastore-full']],
];

/** What an agent knows that is wrong and that no repository tells: cycles that fail, manifests, drift. */
export class Concerns {
  /** By the name of the VM: cycles that failed in a row. */
  readonly failing = new Map<string, { times: number; code: string; message: string }>();
  readonly #conditions = new Map<string, Condition & { since: number }>();
  /** Most VMs that each selection meant. */
  readonly #selected = new Map<string, number>();

  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
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

  /** Other agents of which nothing was heard for long, and that had not said that they end. */
  silent(movers: readonly Mover[], own: string, now: number): void {
    for (const { id, kind = 'agent', host, at, ended } of movers) {
      const isGone = id !== own && ended === undefined && now - at > moverSilence;
      const text = `the ${kind} on ${host} has not been heard of since ${new Date(at).toISOString()}`;
      this.say('mover-gone', id, isGone ? text : undefined);
    }
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
    this.failing.set(vm, { times, code, message });
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
      const text = `${selection} means ${now.length} VMs, and meant ${most}`;
      this.say('fewer-selected', selection, now.length < most ? text : undefined);
    }
  }
}
