import type { Clock } from '../../io/ports.ts';
import { retry } from '../../io/retry.ts';
import type { MachineCloud } from '../model/machines.ts';
import { lastLines } from './last-lines.ts';
import type { ProbeResult, RunStart } from './run.ts';

const lookEvery = 5_000;

/** Both need no network: EC2 runs them from outside. */
export async function probe(
  instance: string,
  { console: wanted, within }: RunStart['probes'],
  { machines, clock, signal }: { machines: MachineCloud; clock: Clock; signal?: AbortSignal },
): Promise<ProbeResult[]> {
  const policy = { atMost: within, first: lookEvery, growth: 1 };
  const isNotYet = (results: ProbeResult[]) => results.some(({ outcome }) => outcome !== 'passed');
  return retry(policy, { clock, signal, isNotYet }, async () => {
    const [checks, text] = await Promise.all([
      machines.checks(instance, signal),
      wanted === undefined ? '' : machines.console(instance, signal),
    ]);
    const results: ProbeResult[] = [
      {
        probe: 'status checks',
        from: 'EC2',
        outcome: checks.system === 'ok' && checks.instance === 'ok' ? 'passed' : 'failed',
        saw: `system ${checks.system}, instance ${checks.instance}`,
      },
    ];
    if (wanted !== undefined) {
      const seen = text.includes(wanted);
      results.push({
        probe: `console says "${wanted}"`,
        from: 'EC2',
        outcome: seen ? 'passed' : text === '' ? 'not run' : 'failed',
        saw: seen ? wanted : howItEnds(text),
      });
    }
    return results;
  });
}

const howItEnds = (text: string): string => {
  const lines = lastLines(text);
  return lines === '' ? 'EC2 had no console output' : `its last lines: ${lines}`;
};
