import { expect, test } from 'vitest';
import { stretchesOf } from '../../src/operation/attainment.ts';
import { evidenceOf } from '../../src/operation/evidence.ts';
import { evidencePage } from '../../src/operation/page/evidence-page.ts';
import { type Operation, page, ROWS, shownOf } from '../../src/operation/page/page.ts';
import { CONTENT_SECURITY_POLICY } from '../../src/operation/page/style.ts';
import { vmPage } from '../../src/operation/page/vm-page.ts';
import { callingOf } from '../../src/operation/words.ts';
import { aStatus, aVm, hour, now } from './a-status.ts';
import { manyVms, pointsOf, trackOf } from './many-vms.ts';

const kib = (text: string) => Buffer.byteLength(text) / 1024;

test('the worst is first, and a page is small whatever there is', () => {
  const two = manyVms(200);
  expect(kib(page(two))).toBeLessThanOrEqual(200);
  const many = manyVms(1_000);
  const first = page(many);
  expect(kib(first)).toBeLessThanOrEqual(300);
  expect(two.status.vms).toHaveLength(ROWS);
  expect(page(two).match(/<tr role="?row/g)).toHaveLength(ROWS + 1);
  expect(first.match(/<tr role="?row/g)).toHaveLength(101);
  const seen = Array.from({ length: 10 }, (_, n) => shownOf(many.status.vms, { page: n + 1 }).rows).flat();
  expect(new Set(seen)).toEqual(new Set(many.status.vms));
  // Fewer are left than when the page was asked for.
  expect(shownOf(many.status.vms, { page: 11 }).rows).toEqual(shownOf(many.status.vms, { page: 10 }).rows);
  expect(page(two, { page: 3 }).match(/<tr role="?row/g)).toHaveLength(ROWS + 1);
  const states = seen.map(({ state }) => state);
  expect(states[0]).toBe('breached');
  expect(states.lastIndexOf('breached')).toBeLessThan(states.indexOf('never'));
  expect(first).toContain('1 to 100 of 1000');
  expect(first).toContain('Page 1 of 10');
  expect(first).toContain('page=2');
  expect(page(many, { page: 5, state: 'kept', find: 'sql' })).toContain('value="sql"');
});

test('what a machine is called is text, in every place', () => {
  const evil = `"><script>alert(1)</script><img src=x onerror=a()> ' & </style>`;
  const vm = aVm({
    vm: evil,
    rehearsal: { plan: evil, number: 1, began: now },
    newest: { ...aVm().newest!, reason: evil, mode: 'rescan' },
    repository: `file:///${evil}`,
  });
  const track = {
    ...trackOf('u-1', pointsOf(1)),
    points: [{ ...pointsOf(1)[0]!, reason: evil, mode: 'full' as const }],
  };
  const status = aStatus([vm], {
    diagnostics: [
      { severity: 'error', category: 'world', code: 'damaged-object', message: evil, hint: evil },
    ],
  });
  const operation: Operation = {
    alerts: [{ rule: evil, severity: 'warning', subjects: [evil], text: evil, since: now }],
    movers: [
      { id: evil, host: evil, since: now, at: now, slots: 1, running: [{ vm: evil, since: now, done: 1 }] },
    ],
  };
  for (const html of [
    page({ status, tracks: [track], ...operation }, { page: 1, find: evil }),
    vmPage(vm, track, now),
  ]) {
    expect(html).not.toMatch(/<script|<img|onerror=a\(\)>/);
    expect(html.match(/<\/style>/g)).toHaveLength(1);
    expect(html).toContain('&#60;script&#62;');
  }
});

test('with nothing known to be breached and not all known, it does not say that all is well', () => {
  const unknown = aStatus([aVm({ state: 'unknown', reason: 'repository-unreachable', kept: false })]);
  expect(page({ status: unknown, tracks: [] })).not.toContain('every RPO is kept');
  expect(page({ status: aStatus([aVm()]), tracks: [] })).toContain('every RPO is kept');
  expect(CONTENT_SECURITY_POLICY).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/=]+'; /);
});

test('VMs of one name are told apart wherever they are named', () => {
  const vms = [
    aVm({ uuid: 'u-1' }),
    aVm({ uuid: 'u-2' }),
    aVm({ vm: 'SQL01', uuid: 'u-3' }),
    aVm({ vm: 'sql01', uuid: 'u-3', repository: 's3://dr/other' }),
    aVm({ vm: 'web01', uuid: 'u-5' }),
  ];
  const called = ['dc02 (u-1)', 'dc02 (u-2)', 'SQL01 (s3://dr/vms)', 'sql01 (s3://dr/other)', 'web01'];
  expect(vms.map(callingOf(vms))).toEqual(called);
  const status = aStatus(vms);
  const evidence = evidenceOf(status, vms, [], { month: '2026-11', from: now - 24 * hour, to: now });
  for (const shown of [page({ status, tracks: [] }), evidencePage(evidence)])
    for (const name of called) expect(shown).toContain(`>${name}<`);
});

test('evidence says how much of the time it knows of, and of how many VMs it knows nothing', () => {
  const vms = [aVm({ uuid: 'u-1' }), aVm({ vm: 'web01', uuid: 'u-2', state: 'never', kept: false })];
  const points = [{ ...pointsOf(1)[0]!, time: now - hour - 1, complete: now - hour }];
  const track = {
    ...trackOf('u-1', points),
    stretches: stretchesOf(points, time => time + 2 * hour, now - 24 * hour, now),
  };
  const span = { month: '2026-11', from: now - 24 * hour, to: now };
  const shown = evidencePage(evidenceOf(aStatus(vms), vms, [track], span));
  expect(shown).toContain('<b>100 %</b>of the time kept, of the 2.0 % that is known; of 1 VM nothing is</a>');
  expect(shown).toContain('data-l=Kept>100 %<small>of 60 min</small>');
  const known = evidencePage(evidenceOf(aStatus([vms[0]!]), [vms[0]!], [trackOf('u-1', pointsOf(1))], span));
  expect(known).toContain('</b>of the time kept</a>');
});
