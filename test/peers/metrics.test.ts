import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { metricsOf } from '../../src/operation/metrics/metrics.ts';
import { aStatus, aVm, hour, now } from '../operation/a-status.ts';
import { describeWith } from './s3-programs.ts';

const packaging = join(import.meta.dirname, '../../packaging');

const promtool = (args: string[], input = '') => {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  return { status, said: `${stdout}${stderr}` };
};

/** Everything that there is a metric for. */
const whole = () =>
  aStatus(
    [
      aVm({
        vm: 'a "hostile"\\ name\n# TYPE up counter',
        replica: { state: 'breached', age: hour, behind: 2, target: hour },
        verified: { chain: now - hour, sample: now - 2 * hour },
        rehearsal: {
          plan: 'web',
          number: 3,
          began: now - hour,
          finished: { at: now, ok: false, took: 900_000 },
        },
      }),
    ],
    {
      repositories: [{ url: 's3://dr/vms', bytes: 17 }],
      plans: [
        {
          ...{ plan: 'web "a"', address: 'recovery_plan:web', repository: 's3://dr/vms' },
          ...{ state: 'rehearsed', passed: now - hour, next: now + hour, deadline: now + 2 * hour },
        },
      ],
    },
  );

describeWith('metrics and alert rules', 'promtool', ['--version'], () => {
  test('the metrics are what promtool takes, hostile names too; a name given twice is seen', () => {
    const text = metricsOf(whole(), { version: '1.2.3' });
    expect(promtool(['check', 'metrics'], text)).toEqual({ status: 0, said: '' });
    expect(text.match(/^# TYPE/gm)).toHaveLength(25);
    expect(promtool(['check', 'metrics'], `${text}${text}`).status).not.toBe(0);
  });

  test('the alert rules hold, by their own tests; and each metric that they or the dashboard read is one', async () => {
    const rules = (name: string) => join(packaging, 'prometheus', name);
    const tests = ['converge-alerts.test.yml', 'converge-alerts-days.test.yml'].map(rules);
    expect(promtool(['test', 'rules', ...tests])).toMatchObject({ status: 0 });
    expect(promtool(['check', 'config', '--syntax-only', rules('scrape.yml')])).toMatchObject({ status: 0 });
    const given = new Set(metricsOf(whole(), { version: '1' }).match(/(?<=^# TYPE )\w+/gm));
    for (const file of ['prometheus/converge-alerts.yml', 'grafana/converge-rpo.json']) {
      const read = (await readFile(join(packaging, file), 'utf8')).match(/\bconverge_\w+/g)!;
      expect(read.filter(name => !given.has(name))).toEqual([]);
    }
  });
});
