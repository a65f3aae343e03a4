import { expect, test } from 'vitest';
import { importTakes } from '../../src/recovery/import/estimate.ts';
import { autoWay, type WayFacts } from '../../src/recovery/target/method.ts';

const fast = { name: 'fast', why: 'its disks are run as they are' };
const noNvme = { name: 'convert', why: 'nvme: vmlinuz has no nvme' };
const facts: WayFacts = { readiness: fast, warm: true };

test.each<[string, WayFacts, 'fast' | 'convert' | 'raw', string]>([
  ['nothing speaks against it', facts, 'fast', fast.why],
  ['nobody looked', { ...facts, readiness: { name: 'unknown', why: '' } }, 'fast', 'nothing that is known'],
  ['drivers are missing', { ...facts, readiness: noNvme }, 'convert', noNvme.why],
  ['no image brings the licence', { ...facts, noShell: 'it has no shell' }, 'convert', 'it has no shell'],
  ['cold, and EBS direct is refused', { ...facts, warm: false, noEbs: 'denied' }, 'raw', 'denied'],
  ['warm, so that EBS direct is not needed', { ...facts, noEbs: 'denied' }, 'fast', fast.why],
  ['cold, and EBS direct is open', { ...facts, warm: false }, 'fast', fast.why],
  ['refused, and drivers missing', { readiness: noNvme, warm: false, noEbs: 'denied' }, 'raw', 'denied'],
])('auto, when %s: %s', (_, given, name, why) => {
  const way = autoWay(given);
  expect(way.name).toBe(name);
  expect(way.why).toContain(why);
});

test('what an import takes is said first: the disk of the article until it is in S3, and requests', () => {
  const disk = { bytes: 40 * 2 ** 30, label: 'Hard disk 1' };
  const raw = importTakes({ by: 'raw', images: 's3://gdh-vmimport/dr' }, [disk]);
  expect(raw).toMatchObject({ upload_seconds: 430, import_seconds: [900, 1500] });
  expect(raw.requests).toBeCloseTo((2560 + 2) * 0.000005, 6);
  expect(importTakes({ by: 'convert' }, [disk])).toMatchObject({ upload_seconds: 0, requests: 0 });
  // Least to most, with three to ten minutes until it answers.
  const minutes = (seconds: number, boot: number) => seconds / 60 + boot;
  expect(minutes(importTakes({ by: 'convert' }, [disk]).import_seconds[1], 10)).toBeLessThanOrEqual(35);
  expect(minutes(raw.upload_seconds + raw.import_seconds[1], 10)).toBeLessThanOrEqual(60);
});
