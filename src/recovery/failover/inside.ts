import { Failure } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { retry } from '../../io/retry.ts';
import { sha256 } from '../../values/digest.ts';
import { answersIn, type InsideAnswer } from '../inside/answers.ts';
import { lastLines } from '../inside/last-lines.ts';
import { type InsideProbe, mostUserData, proberScript } from '../inside/script.ts';
import type { NotRun } from '../model/machines.ts';
import type { Probe } from '../model/probes.ts';
import { note } from '../run/keep.ts';
import { derivedToken, machineTags, PROBER, proberTokens } from '../run/names.ts';
import { type ProbeResult, type RunMachine, retriesOf, subnetsOf } from '../run/run.ts';
import { hasEnded } from './attempts.ts';
import type { RehearseOptions } from './options.ts';

type Seen = Pick<ProbeResult, 'outcome' | 'saw'>;

/** What probes the machines of one group from within their network. */
export interface InsideProber {
  /**
   * Asks for the probes of a machine that runs, and answers when the prober has. Nothing is asked before each
   * machine of the group has said what it wants, or that it wants nothing.
   */
  ask(vm: string, address: string | undefined, probes: readonly Probe[]): Promise<Map<Probe, Seen>>;
  /** A machine that isn't probed. */
  without(vm: string): void;
  /** Ends the prober. */
  end(): Promise<void>;
}

/** So often its console is looked at, and so long it may take to start, ms. */
const lookEvery = 5_000;
const starts = 10 * 60_000;

/**
 * One small machine for a group: in the network and the group of the test, without a profile, with its list
 * as user data. It is joined by its token, which follows from the list; the token is written down before it
 * is launched, so that whoever cleans up counts it. A prober that can't be launched, or never answers, is no
 * reason to end a test: its probes were not run.
 */
export function insideProber(
  group: readonly RunMachine[],
  options: RehearseOptions,
): InsideProber | undefined {
  const { prober } = options.run.start;
  if (!prober) return undefined;
  const waiting = new Set(group.map(({ vm }) => vm));
  const list: (InsideProbe & { asked: Probe })[] = [];
  let instance: string | undefined;
  let answer: (of: Promise<Map<Probe, Seen>>) => void;
  const answered = new Promise<Map<Probe, Seen>>(resolve => {
    answer = resolve;
  });
  const said = (vm: string) => {
    if (!waiting.delete(vm) || waiting.size > 0) return;
    const sorted = list.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    answer(
      sorted.length === 0
        ? Promise.resolve(new Map())
        : carryOut(sorted, prober, options, id => {
            instance = id;
          }),
    );
  };
  return {
    async ask(vm, address, probes) {
      if (address !== undefined)
        for (const asked of probes)
          if (asked.kind === 'tcp' || asked.kind === 'http') list.push({ address, probe: asked, asked });
      said(vm);
      return answered;
    },
    without: said,
    async end() {
      if (instance !== undefined) await options.cloud.machines.terminate([instance], options.signal);
    },
  };
}

const keyOf = ({ address, probe }: InsideProbe): string => JSON.stringify([address, probe]);

async function carryOut(
  list: readonly (InsideProbe & { asked: Probe })[],
  { image, type }: { image: string; type: string },
  options: RehearseOptions,
  launched: (instance: string) => void,
): Promise<Map<Probe, Seen>> {
  const { repository, run, cloud, clock, step, signal } = options;
  const { machines } = cloud;
  const { start } = run;
  const all = (seen: (n: number) => Seen) => new Map(list.map(({ asked }, n) => [asked, seen(n)]));
  const notRun = (why: string) => all(() => ({ outcome: 'not run', saw: why }));
  const what = `${retriesOf(run)} ${sha256(JSON.stringify(list.map(keyOf)))}`;
  const token = derivedToken(repository.id, start, PROBER, 0, what);
  const tokens = proberTokens(start, token);
  const nonce = derivedToken(repository.id, start, PROBER, 0, `nonce ${what}`).slice(0, 32);
  const userData = proberScript(nonce, list);
  if (Buffer.byteLength(userData) > mostUserData)
    return notRun(`${list.length} probes of one group don't fit into what a prober can be given`);
  try {
    if (!run.steps.some(one => one.what === 'prober' && one.token === token)) {
      await step('prober');
      await note(repository, run, { at: clock.now(), what: 'prober', token, probes: list.length });
    }
    await step('run-prober');
    // A subnet that had no room may have some by now: one that runs is joined wherever it is.
    const there = await machines.instances(machineTags(repository.id, start, PROBER), signal);
    const known = there.find(one => tokens.includes(one.token ?? '') && !hasEnded(one));
    const answer = known
      ? { instance: known.id }
      : await runSomewhere(subnetsOf(start), tokens, (subnet, its) =>
          machines.run(
            {
              image,
              type,
              subnet,
              groups: [start.group],
              token: its,
              tags: { ...machineTags(repository.id, start, PROBER), Name: `prober (test of ${start.plan})` },
              userData,
              endsItself: true,
            },
            signal,
          ),
        );
    if (typeof answer === 'string') return notRun(own`no prober could be launched: ${answer}`);
    launched(answer.instance);
    let text = '';
    const atMost = starts + Math.max(...list.map(({ probe }) => probe.within));
    const seen = await retry(
      { atMost, first: lookEvery, growth: 1 },
      { clock, signal, isNotYet: (answers: Map<number, InsideAnswer>) => answers.size < list.length },
      async () => {
        text = await machines.console(answer.instance, signal);
        return answersIn(text, nonce, list.length);
      },
    );
    const last = lastLines(text);
    const silent = last === '' ? 'it wrote nothing to its console' : own`its last lines: ${last}`;
    return all(n => seen.get(n) ?? { outcome: 'not run', saw: own`the prober reported nothing; ${silent}` });
  } catch (error) {
    if (!(error instanceof Failure) || signal?.aborted) throw error;
    return notRun(own`no prober could be launched: ${error.message}`);
  }
}

/** Launches it in the first subnet that has room; otherwise says why there is none. */
async function runSomewhere(
  subnets: readonly string[],
  tokens: readonly string[],
  run: (subnet: string, token: string) => Promise<{ instance: string } | NotRun>,
): Promise<{ instance: string } | string> {
  const tried: string[] = [];
  for (const [at, subnet] of subnets.entries()) {
    const answer = await run(subnet, tokens[at]!);
    if ('instance' in answer) return answer;
    tried.push(`${subnet}: ${answer.why}`);
  }
  return tried.join('; ');
}
