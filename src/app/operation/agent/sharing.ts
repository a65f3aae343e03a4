import type { Code } from '../../../diagnostics/codes.ts';
import { type Diagnostic, Failure, world } from '../../../diagnostics/diagnostic.ts';
import { own } from '../../../diagnostics/own-words.ts';
import { hasPassed } from '../../../io/until.ts';
import { runJobs } from '../../../masterless/instance/jobs.ts';
import type { Outcome } from '../../../operation/agenda.ts';
import { type Lane, longSlots } from '../../../operation/dispatch.ts';
import { HandOver } from '../../../operation/queue/hand-over.ts';
import type { Link } from '../../../operation/queue/link.ts';
import { type Handled, Taker } from '../../../operation/queue/taker.ts';
import type { Answer, WakeUp } from '../../../operation/queue/wake-up.ts';
import { oneDiagnostic } from '../../../resources/shared/one-diagnostic.ts';
import { sha256 } from '../../../values/digest.ts';
import { version } from '../../version.ts';
import type { VmDuty } from '../site/duties.ts';
import { lookInto, noteNewest, type Site, seenOf } from '../site/site.ts';
import type { Cycles, Done } from './cycles.ts';
import type { Followed, Follower } from './followed.ts';
import { failedFor } from './move-duty.ts';

/** Between two turns, ms. */
const often = { take: 1_000, answers: 1_000, keep: 10_000, look: 5_000 };

/** Before what nobody wanted is offered again, ms. */
const declinedPause = 5_000;
/** The same of what movers that took it could not do, doubled by each further one in a row. */
const longestPause = { cutOff: 60_000, setUpOtherwise: 15 * 60_000 };
/** Before manifests that differ from another mover's are read again, ms. */
const readAgain = 10_000;

/** What of this process goes through a queue: what it takes from there, and for an agent what it offers. */
export class Sharing {
  readonly #by: Follower;
  readonly #followed: Followed;
  readonly #cycles: Cycles;
  readonly #link: Link;
  readonly #handOver: HandOver;
  readonly #taker: Taker;
  /** Limits as they were said to the queue, by domain. */
  readonly #limits = new Map<string, number | undefined>();
  /** By VM: how many movers in a row could not move it for a reason of their own. */
  readonly #unable = new Map<string, number>();
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(by: Follower, followed: Followed, cycles: Cycles, link: Link) {
    this.#by = by;
    this.#followed = followed;
    this.#cycles = cycles;
    this.#link = link;
    const { clock } = by.base.world.host;
    const now = () => clock.now();
    this.#handOver = new HandOver(link, now);
    this.#taker = new Taker(link, by.options.slots, {
      now,
      domains: () => new Set([...followed.open.duties.values()].map(({ at }) => at.domain)),
      move: (wake, mayBeLong) => this.#move(wake, mayBeLong),
      garbled: domain => this.#warn(`garbled ${domain}`, garbled(domain)),
    });
  }

  get isAway(): boolean {
    return this.#link.isAway;
  }

  /** Cycles of wake-ups that run here. */
  get running(): number {
    return this.#taker.running;
  }

  /** Takes and hears answers until the signal comes; what runs then has to be kept until it has ended. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.#loop('take', signal, () => this.#taker.turn()),
      this.#loop('answers', signal, () => this.#handOver.turn()),
      this.#loop('look', signal, () => this.#link.look()),
      this.keep(signal),
    ]);
  }

  /** Keeps others from what it has taken. */
  keep(signal: AbortSignal): Promise<void> {
    return this.#loop('keep', signal, () => this.#taker.keep());
  }

  /** Takes and offers nothing any more. What it offered stays in the queue, for others. */
  async end(): Promise<void> {
    const ended = this.#taker.end();
    this.#handOver.letGo();
    await ended;
  }

  /** Offers a VM to whoever has a free slot, which may be this process. Doesn't reject. */
  async offer(id: string, lane: Lane, now: number): Promise<Outcome> {
    const duty = this.#followed.open.duties.get(id);
    if (!duty) return { result: 'busy' };
    const known = seenOf(duty.view, duty.declared.title)?.newest?.time;
    const wake: WakeUp = { wake: 1, vm: id, declared: duty.digest(), version, by: this.#cycles.id };
    const key = sha256(`${id}\n${duty.declared.repository}`);
    const { deadline } = duty.next(known, now);
    const answer = await this.#handOver.offer({ domain: duty.at.domain, lane }, wake, key, deadline);
    return answer ? this.#outcomeOf(answer, duty, known) : { result: 'untouched', after: 0 };
  }

  /** Says to the queue what the manifests allow at once. */
  async sayLimits(): Promise<void> {
    const limits = new Map([...this.#followed.open.duties.values()].map(({ at }) => [at.domain, at.cycles]));
    for (const [domain, cycles] of limits)
      for (const lane of ['usual', 'long'] as const) {
        const line = { domain, lane };
        const most = cycles === undefined || lane === 'usual' ? cycles : longSlots(cycles);
        const found = await this.#link.use(queue => queue.limit(line));
        if (!found) return;
        const key = `${domain} ${lane}`;
        const isNews = !this.#limits.has(key) || this.#limits.get(key) !== most;
        const isOther = found.value !== undefined && found.value !== most;
        if (isOther && !isNews && lane === 'usual')
          this.#warn(`limits ${domain}`, otherLimits(domain, cycles, found.value!));
        // Of two that differ the lower one holds; one that a restart forgot is said again.
        const isLower = isOther && found.value! < (most ?? Number.POSITIVE_INFINITY);
        if (found.value !== most && (isNews || !isLower))
          await this.#link.use(queue => queue.setLimit(line, most));
        this.#limits.set(key, most);
      }
  }

  /** Where all movers are cut off alike, nobody tries it every few seconds. */
  #pauseOf({ id }: VmDuty, code: string): number {
    const times = this.#unable.get(id) ?? 0;
    this.#unable.set(id, times + 1);
    const longest = longestPause[setUpOtherwise.has(code) ? 'setUpOtherwise' : 'cutOff'];
    return Math.min(declinedPause * 2 ** times, longest);
  }

  /** What an answer means, where the repository says so too. */
  async #outcomeOf(answer: Answer, duty: VmDuty, known: number | undefined): Promise<Outcome> {
    const { concerns } = this.#by;
    const isElsewhere = answer.result === 'declined' || (answer.result === 'failed' && answer.elsewhere);
    if (!isElsewhere) this.#unable.delete(duty.id);
    switch (answer.result) {
      case 'declined':
        return { result: 'untouched', after: declinedPause };
      case 'failed':
        concerns.failed(duty.declared.title, answer);
        // One that is cut off rests: what it couldn't do isn't put off for the others.
        return answer.elsewhere
          ? { result: 'untouched', after: this.#pauseOf(duty, answer.code) }
          : failedFor(answer);
      case 'busy':
      case 'paused':
      case 'put-back':
        return { result: answer.result };
      case 'made':
      case 'seen': {
        const newest = await newestOf(this.#followed.open.site, duty).catch((error: unknown) => {
          if (!(error instanceof Failure)) throw error;
          return undefined;
        });
        if (newest === undefined || newest <= (known ?? Number.NEGATIVE_INFINITY))
          return { result: 'seen', newest: known };
        concerns.made(duty.declared.title);
        return { result: 'made', newest, long: answer.long ?? false };
      }
    }
  }

  /** What an interruption ended is declined: others have it. */
  async #move(wake: WakeUp, mayBeLong: () => boolean): Promise<Handled> {
    const { interrupt } = this.#by.context.io;
    try {
      const handled = await this.#look(wake, mayBeLong);
      return interrupt.aborted ? { answer: { result: 'declined' } } : handled;
    } catch (error) {
      if (!interrupt.aborted) throw error;
      return { answer: { result: 'declined' } };
    }
  }

  async #look(wake: WakeUp, mayBeLong: () => boolean): Promise<Handled> {
    if (wake.version !== version) this.#warn(`version ${wake.by}`, otherVersion(wake));
    if (!(await this.#isAlike(wake))) {
      this.#warn(`manifests ${wake.by}`, otherManifests(wake));
      return { answer: { result: 'declined' }, unable: true };
    }
    const done = await this.#cycles.run(wake.vm, mayBeLong);
    return done ? handled(done) : { answer: { result: 'declined' } };
  }

  /** Whether this mover has declared the same; one of the two may have read newer manifests already. */
  async #isAlike({ vm, declared }: WakeUp): Promise<boolean> {
    const isSame = () => this.#followed.open.duties.get(vm)?.digest() === declared;
    if (isSame()) return true;
    const { clock } = this.#by.base.world.host;
    if (!hasPassed(readAgain, this.#readAt, clock.now())) return false;
    this.#readAt = clock.now();
    await this.#followed.again();
    return isSame();
  }

  #loop(name: keyof typeof often, signal: AbortSignal, go: () => Promise<void>): Promise<void> {
    const { clock, random } = this.#by.base.world.host;
    const turn = async () => {
      await go();
      return 'done' as const;
    };
    const rejected = (_: unknown, error: unknown) => {
      const diagnostics = [oneDiagnostic(error)];
      this.#by.telling.once(`queue ${name}`, diagnostics, { type: 'unseen', diagnostics });
    };
    return runJobs([{ name, every: often[name], turn }], { clock, random, signal, rejected });
  }

  #warn(about: string, diagnostic: Diagnostic): void {
    this.#by.telling.once(about, [about], { type: 'unseen', diagnostics: [diagnostic] });
  }
}

/** What went wrong says that this mover is cut off, not that the VM can't be moved. */
const cutOff: ReadonlySet<string> = new Set<Code>([
  ...(['answer-lost', 'lease-unanswered', 'repository-vanished', 'secret-missing'] as const),
  ...(['aws-unreachable', 'aws-clock-skew', 'aws-no-credentials'] as const),
  ...(['aws-wrong-credentials', 'aws-credentials-expired'] as const),
  ...(['proxy-unreachable', 'proxy-upstream', 'proxy-gave-up', 'proxy-refused'] as const),
  ...(['proxy-authentication', 'proxy-address', 'ca-file'] as const),
  ...(['vsphere-unreachable', 'vsphere-unavailable', 'vsphere-timeout', 'vsphere-connection-lost'] as const),
  ...(['vsphere-name-unknown', 'vsphere-login-refused'] as const),
  ...(['vsphere-certificate', 'vsphere-ca', 'vsphere-pin'] as const),
]);

/** The same, of a mover that is set up otherwise than others may be, for one of its repositories. */
const setUpOtherwise: ReadonlySet<string> = new Set<Code>([
  ...(['wrong-key', 'key-needed', 'key-not-needed', 'key-not-found'] as const),
  ...(['newer-format', 'aws-access-denied'] as const),
]);

/** What others are told about a cycle of this mover. */
export function handled({ outcome, moved }: Done): Handled {
  switch (outcome.result) {
    case 'made':
      return { answer: { result: 'made', ...(outcome.long && { long: true }) } };
    case 'failed': {
      const [first] = 'diagnostics' in moved ? moved.diagnostics : [];
      const { code = 'failed', message = '' } = first ?? {};
      const failed = { result: 'failed' as const, code, message };
      if (cutOff.has(code)) return { answer: { ...failed, elsewhere: true }, unable: true };
      return setUpOtherwise.has(code)
        ? { answer: { ...failed, elsewhere: true }, unable: 'briefly' }
        : { answer: failed };
    }
    case 'untouched':
      return { answer: { result: 'declined' } };
    default:
      return { answer: { result: outcome.result } };
  }
}

/** The time of the newest point, as the repository says now. */
async function newestOf(site: Site, { view, declared }: VmDuty): Promise<number | undefined> {
  if (!seenOf(view, declared.title)) await lookInto(site, view, []);
  const seen = seenOf(view, declared.title);
  // What can't be read is mended by the cycle that this is asked for.
  const newest = seen && (await view.repository?.vm(seen.uuid).newest(() => {}));
  if (newest) noteNewest(view, newest);
  return newest?.time;
}

const garbled = (domain: string): Diagnostic =>
  world('queue-garbled', `something else than a wake-up lay in the queue of ${domain}, and was taken out`, {
    hint: 'see who else writes below `converge:` on the server of the queue',
  });

const otherVersion = ({ version: theirs, by }: WakeUp): Diagnostic => ({
  ...world('queue-other-version', own`the mover ${by} is converge ${theirs}, and this one ${version}`, {
    hint: 'expected while an update is rolled out; points are made all the same',
  }),
  severity: 'warning',
});

const otherManifests = ({ vm, by }: WakeUp): Diagnostic => ({
  ...world(
    'queue-other-manifests',
    own`the mover ${by} has declared ${vm} otherwise, or another VM by that name`,
    {
      hint: 'give all agents and workers of a queue the same manifests; this one leaves the VM to others',
    },
  ),
  severity: 'warning',
});

const otherLimits = (domain: string, ours: number | undefined, theirs: number): Diagnostic => ({
  ...world(
    'queue-other-limits',
    `another agent lets ${theirs} cycles run at once at ${domain}, and this one ${ours ?? 'any number'}`,
    { hint: 'give both the same manifests; the lower limit holds' },
  ),
  severity: 'warning',
});
