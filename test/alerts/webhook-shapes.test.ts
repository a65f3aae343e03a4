import { describe, expect, test } from 'vitest';
import { bodyOf, type Said, type Shape } from '../../src/alerts/webhook-shapes.ts';
import type { Alert, Kind } from '../../src/operation/alerts/model.ts';
import { conditionsOf } from '../../src/operation/alerts/rules.ts';
import { messageOf } from '../../src/operation/alerts/words.ts';
import type { VmStatus } from '../../src/operation/model.ts';

const now = Date.UTC(2026, 10, 28, 12);
const hostile = 'a*b_<!channel>|x\r\nBcc: c\u202Ed';

const said = (kind: Kind, subjects = [hostile]): Said => {
  const alert: Alert = {
    ...{ key: 'converge-breached-1', rule: 'breached', severity: 'critical', subjects },
    ...{ text: `the newest point of ${hostile} is too old`, since: now - 600_000, told: {}, claims: {} },
    ...(kind === 'recovered' && { ended: now }),
  };
  return { delivery: { route: 'ops', kind, alert }, message: messageOf({ kind, alert }, now), now };
};

const text = (shape: Shape, what: Said): string => JSON.stringify(bodyOf(shape, what, 'routing-key'));

describe('what a webhook gets', () => {
  test('PagerDuty: one incident by its key, opened and resolved; nothing else', () => {
    expect(bodyOf('pagerduty', said('opened'), 'routing-key')).toMatchObject({
      routing_key: 'routing-key',
      event_action: 'trigger',
      dedup_key: 'converge-breached-1',
      payload: { severity: 'critical', source: 'converge', timestamp: '2026-11-28T11:50:00.000Z' },
    });
    const resolved = bodyOf('pagerduty', said('recovered'), 'routing-key');
    expect(resolved).toEqual({
      routing_key: 'routing-key',
      event_action: 'resolve',
      dedup_key: 'converge-breached-1',
    });
    expect(
      bodyOf('pagerduty', { about: 'digest', message: { title: 't', lines: [] }, now }, 'k'),
    ).toBeUndefined();
  });

  test('Teams takes an Adaptive Card, Slack blocks; names are text in both', () => {
    expect(bodyOf('teams', said('opened'))).toMatchObject({
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          content: {
            type: 'AdaptiveCard',
            version: '1.4',
            body: [{ type: 'TextBlock', wrap: true }, {}, {}],
          },
        },
      ],
    });
    expect(text('teams', said('opened'))).toContain('a\\\\*b\\\\_<\\\\!channel\\\\>\\\\|x');
    expect(text('slack', said('opened'))).toContain('&lt;!channel&gt;');
    expect(text('slack', said('opened'))).not.toContain('<!channel>');
    for (const shape of ['slack', 'teams', 'json', 'pagerduty'] as const)
      expect(text(shape, said('opened'))).not.toMatch(/\\r|\\nBcc|\u202E/);
  });

  test('many are counted, and named up to twenty', () => {
    const all = said(
      'opened',
      Array.from({ length: 200 }, (_, n) => `vm${n}`),
    );
    expect(all.message.title).toBe(
      'converge: critical: 200 are affected: a recovery point objective is not kept',
    );
    expect(all.message.lines[1]).toMatch(/vm19 and 180 more$/);
    expect(bodyOf('json', all)).toMatchObject({
      event: 'opened',
      rule: 'breached',
      subjects: { length: 200 },
    });
  });
});

test('VMs that are late for one reason are one cause; what is one VM alone is its own', () => {
  const late = (vm: string): VmStatus => ({
    ...{ vm, repository: 's3://dr/vms', state: 'breached', reason: 'overdue', kept: false },
  });
  const away = { times: 3, code: 'vsphere-unreachable', message: 'vc.example.com does not answer' };
  const known = {
    failing: new Map([
      ['a', away],
      ['b', away],
      ['c', { times: 3, code: 'vm-not-found', message: 'There is no VM c' }],
    ]),
    declaredSince: new Map(),
    seen: new Set<string>(),
    ahead: new Map([['s3://dr/vms', 11 * 60_000]]),
    plans: [],
    own: [],
  };
  const found = conditionsOf([late('a'), late('b'), late('c'), late('d')], known, now);
  expect(found.map(({ rule, cause }) => `${rule} ${cause}`)).toEqual([
    'breached vsphere-unreachable vc.example.com does not answer',
    'breached vsphere-unreachable vc.example.com does not answer',
    'breached c',
    'breached d',
    'skew s3://dr/vms',
  ]);
});
