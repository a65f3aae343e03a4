import type { RolloutStatus } from '../../app/masterless/rollout-status.ts';
import { printable } from '../../diagnostics/text-width.ts';
import { duration, plural } from '../../io/units.ts';
import type { Rollout } from '../../masterless/rollout/rollout.ts';
import type { InstanceStatus } from '../../masterless/rollout/status.ts';
import { table } from '../text/table.ts';

/** Failures of one instance that the table tells. */
const mostTold = 3;

export function statusText(data: RolloutStatus, columns?: number): string[] {
  const { environment, bucket, statuses } = data;
  const order = ['converged', 'waiting', 'failed', 'silent', 'gone'] as const;
  const counts = order.flatMap(state => {
    const count = statuses.filter(one => one.state === state).length;
    return count > 0 ? [`${count} ${state}`] : [];
  });
  const lines = [
    `${environment} in ${bucket}: ${plural(data.instances.size, 'instance')}${counts.length > 0 ? `; ${counts.join(', ')}` : ''}`,
    ...rolloutLine(data),
    '',
  ];
  const rows = statuses.map(status => {
    const { content } = status.report ?? {};
    return [
      status.instance,
      status.state === 'failed' || status.state === 'silent' ? status.state.toUpperCase() : status.state,
      content ? String(content.sequence ?? 'unsigned') : '-',
      content?.sha256.slice(0, 12) ?? '-',
      status.age === undefined ? 'never' : `${duration(status.age)} ago`,
      whyOf(status, data) || '-',
    ];
  });
  const headings = ['INSTANCE', 'STATE', 'SEQUENCE', 'DIGEST', 'REPORTED', 'WHY'];
  return [...lines, ...table(headings, rows, columns)];
}

function rolloutLine({ rollout, now }: RolloutStatus): string[] {
  if (!rollout) return ['no rollout was ever announced'];
  const age = now - Date.parse(rollout.started);
  const begun = Number.isFinite(age) ? `${duration(Math.max(0, age))} ago` : 'at no known time';
  const told = plural(rollout.instances.length, 'instance');
  return [`rollout ${rollout.id.slice(0, 36)} is ${rollout.state}: begun ${begun}, ${told} told to apply`];
}

/** In a few words, why the state is what it is, and what the rollout made of the instance. */
function whyOf(status: InstanceStatus, data: RolloutStatus): string {
  const { failedRollout } = status;
  const own = whyOfState(status, data);
  if (failedRollout === undefined || own.includes(failedRollout)) return own;
  const verdict = `${data.rollout?.state === 'halted' ? 'halted' : 'failed'} the rollout: ${printable(failedRollout)}`;
  return [verdict, ...(status.report?.result === 'failed' || status.state !== 'failed' ? [own] : [])]
    .filter(Boolean)
    .join('; ');
}

function whyOfState({ instance, state, report }: InstanceStatus, data: RolloutStatus): string {
  const known = data.instances.get(instance);
  if (state === 'gone') return 'no longer an instance of the environment';
  if (state === 'silent') {
    const ec2 = known && known.state !== 'running' ? `EC2 says ${known.state}` : '';
    const launched =
      !report && known?.launched ? `launched ${duration(Math.max(0, data.now - known.launched))} ago` : '';
    const told = data.rollout?.instances.includes(instance) ? 'did not follow the rollout' : '';
    return [ec2, launched, told].filter(Boolean).join(', ');
  }
  if (state === 'waiting')
    return data.rollout?.instances.includes(instance) ? 'told to apply' : 'its turn has not come';
  if (state === 'failed') {
    const { failures = [] } = report ?? {};
    const more = failures.length > mostTold ? [`and ${failures.length - mostTold} more`] : [];
    return [...failures.slice(0, mostTold), ...more].join('; ') || 'its run failed';
  }
  return report?.content?.from === 'last-known-good' ? 'kept from before: it could not reach the bucket' : '';
}

/** The answer of `--format json`. Times in RFC 3339, ages in seconds. */
export const statusJson = (data: RolloutStatus): object => ({
  version: 1,
  environment: data.environment,
  bucket: data.bucket,
  rollout: data.rollout ? clean(data.rollout) : null,
  instances: data.statuses.map(({ instance, state, report, age, failedRollout }) => ({
    instance,
    state,
    failed_rollout: failedRollout === undefined ? null : printable(failedRollout),
    ec2_state: data.instances.get(instance)?.state ?? null,
    reported_seconds_ago: age === undefined ? null : Math.round(age / 1000),
    report: report ?? null,
  })),
  refused: data.refused.map(({ key, why }) => ({ key: printable(key), why })),
});

const clean = ({ id, started, instances, failed, ...rollout }: Rollout): Rollout => ({
  ...rollout,
  id: printable(id),
  started: printable(started),
  instances: instances.map(printable),
  ...(failed && {
    failed: failed.map(({ instance, why }) => ({ instance: printable(instance), why: printable(why) })),
  }),
});
