import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exposition } from '../../src/operation/metrics/exposition.ts';
import { metricsOf } from '../../src/operation/metrics/metrics.ts';
import type { VmStatus } from '../../src/operation/model.ts';
import { aStatus, aVm } from './a-status.ts';

/** Reads the text format back, by its specification alone. */
function parsed(text: string): { name: string; labels: Record<string, string>; value: number }[] {
  return text
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => {
      const [, name, , inside = '', value] = /^([a-zA-Z_:]\w*)(\{(.*)\})? (\S+)$/s.exec(line)!;
      const labels: Record<string, string> = {};
      const rest = inside.replace(/(\w+)="((?:[^"\\]|\\[\\"n])*)",?/gs, (_, label, written: string) => {
        labels[label] = written.replace(/\\([\\"n])/g, (_, one) => (one === 'n' ? '\n' : one));
        return '';
      });
      expect(rest).toBe('');
      return { name: name!, labels, value: Number(value) };
    });
}

const values = (vms: VmStatus[], name: string) =>
  parsed(metricsOf(aStatus(vms), { version: '1.2.3' }))
    .filter(one => one.name === name)
    .map(({ value }) => value);

test('a label value is read back as it was, whatever is in it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), value => {
      const text = exposition([
        { name: 'm', help: 'a "b" \\ c\nd', samples: [{ labels: { vm: value }, value: 1 }] },
      ]);
      expect(text).toContain('# HELP m a "b" \\\\ c\\nd\n# TYPE m gauge\n');
      expect(parsed(text)).toEqual([{ name: 'm', labels: { vm: value.toWellFormed() }, value: 1 }]);
    }),
  );
});

test('the age is beside its target, and a VM without a point has neither', () => {
  const vms = [aVm({ age: 90_000, target: 60_000, state: 'breached', reason: 'overdue', kept: false })];
  expect(values(vms, 'converge_vm_age_seconds')).toEqual([90]);
  expect(values(vms, 'converge_vm_rpo_seconds')).toEqual([60]);
  expect(values(vms, 'converge_vm_breached')).toEqual([1]);
  const { newest: _, age: __, ...without } = aVm({ state: 'never', reason: 'no-point', kept: false });
  expect(values([without], 'converge_vm_age_seconds')).toEqual([]);
  expect(values([without], 'converge_vm_newest_point_timestamp_seconds')).toEqual([]);
  expect(values([without], 'converge_vm_breached')).toEqual([1]);
});

test('each VM is in exactly one state, and what there is for each can be left out', () => {
  const status = aStatus([aVm(), aVm({ vm: 'b', uuid: 'u-2', state: 'late', reason: 'overdue' })]);
  const states = parsed(metricsOf(status, { version: '1' })).filter(one => one.name === 'converge_vm_state');
  expect(states.filter(({ value }) => value === 1).map(({ labels }) => [labels.vm, labels.state])).toEqual([
    ['dc02', 'kept'],
    ['b', 'late'],
  ]);
  const summary = parsed(metricsOf(status, { version: '1', summary: true }));
  expect(summary.filter(({ labels }) => 'vm' in labels)).toEqual([]);
  expect(summary.find(({ labels }) => labels.state === 'late')).toMatchObject({
    name: 'converge_vms',
    value: 1,
  });
});

test('hostile names stay inside of their quotes, and no series is there twice', () => {
  const evil = 'a"} 1\nup{job="x"} 0\\';
  const vms = [aVm({ vm: evil }), aVm({ vm: evil }), aVm({ vm: 'x\u202e\u200f', uuid: 'u-3' })];
  const all = parsed(metricsOf(aStatus(vms), { version: '1' }));
  expect(all.every(({ name }) => name.startsWith('converge_'))).toBe(true);
  const ages = all.filter(({ name }) => name === 'converge_vm_age_seconds');
  expect(ages.map(({ labels }) => labels.vm)).toEqual(['a"} 1 up{job="x"} 0\\', 'x\ufffd\ufffd']);
});
