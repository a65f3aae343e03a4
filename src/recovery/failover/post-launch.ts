import { own } from '../../diagnostics/own-words.ts';
import type { Clock } from '../../io/ports.ts';
import { retry } from '../../io/retry.ts';
import { type GuestOrder, ORDER_TAG, orderText } from '../guest/order.ts';
import { type GuestReport, reportIn } from '../guest/report.ts';
import { lastLines } from '../inside/last-lines.ts';
import type { MachineCloud } from '../model/machines.ts';
import { IN_GUEST } from '../model/probes.ts';
import { derivedToken } from '../run/names.ts';
import type { PostLaunch, ProbeResult, RunMachine, RunStart } from '../run/run.ts';

/** So often its console is looked at, ms. */
const lookEvery = 5_000;

/** The nonce of one attempt at one machine: what an earlier run or another instance said carries another. */
function orderOf(
  repository: string,
  start: RunStart,
  vm: string,
  attempt: number,
  { digest, noop }: PostLaunch,
): GuestOrder {
  const nonce = derivedToken(repository, start, vm, attempt, 'post-launch').slice(0, 32);
  return { mode: noop ? 'plan' : 'apply', digest, nonce };
}

/** What tells a machine what to do; nothing for one that has nothing to do. */
export const orderTags = (
  repository: string,
  start: RunStart,
  { vm, post_launch }: RunMachine,
  attempt: number,
): Record<string, string> =>
  post_launch ? { [ORDER_TAG]: orderText(orderOf(repository, start, vm, attempt, post_launch)) } : {};

/**
 * Waits for what a machine says about itself on its console, for as long as the plan gives it. What it says
 * counts only with the nonce of this attempt and the digest of the manifests that are meant.
 */
export async function watchPostLaunch(
  repository: string,
  start: RunStart,
  { vm, post_launch }: RunMachine,
  attempt: number,
  instance: string,
  { machines, clock, signal }: { machines: MachineCloud; clock: Clock; signal?: AbortSignal | undefined },
): Promise<ProbeResult[]> {
  if (!post_launch) return [];
  const { nonce } = orderOf(repository, start, vm, attempt, post_launch);
  let text = '';
  const report = await retry(
    { atMost: post_launch.within, first: lookEvery, growth: 1 },
    { clock, signal, isNotYet: (seen?: GuestReport) => !seen || seen.state === 'begun' },
    async () => {
      text = await machines.console(instance, signal);
      return reportIn(text, nonce);
    },
  );
  return [
    {
      probe: `post-launch manifests ${post_launch.manifests}${post_launch.noop ? ', planned alone' : ''}`,
      from: IN_GUEST,
      ...judge(report, post_launch, text),
    },
  ];
}

/** @param text of the console, for a machine that says nothing */
export function judge(
  report: GuestReport | undefined,
  { digest, noop }: PostLaunch,
  text: string,
): Pick<ProbeResult, 'outcome' | 'saw'> {
  if (!report) {
    const lines = lastLines(text);
    const last = lines === '' ? 'EC2 had no console output' : own`the last lines of its console: ${lines}`;
    return { outcome: 'not run', saw: own`it reported nothing in time; ${last}` };
  }
  const { state, changes, failures } = report;
  const why = failures.join('; ') || 'it says nothing about why';
  if (state === 'failed' && report.digest === '')
    return { outcome: 'failed', saw: own`the guest has no manifests that it can use: ${why}` };
  if (report.digest !== digest || state === 'other-manifests') {
    const saw = `the manifests in the guest are of another version (${report.digest.slice(0, 16)}, not ${digest.slice(0, 16)}): nothing was applied`;
    return { outcome: 'failed', saw };
  }
  if (state === 'begun') return { outcome: 'failed', saw: 'it began, and reported no end in time' };
  if (state === 'failed') return { outcome: 'failed', saw: why };
  // One that was asked for a plan has applied nothing, and the other way round.
  if ((state === 'planned') !== (noop === true))
    return { outcome: 'failed', saw: `it was ${state}, which is not what it was asked for` };
  const saw = noop
    ? `it would make ${changes} ${changes === 1 ? 'change' : 'changes'}, and made none`
    : `converged with ${changes} ${changes === 1 ? 'change' : 'changes'}`;
  return { outcome: 'passed', saw };
}
