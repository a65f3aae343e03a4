import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { instancePolicy } from '../../src/masterless/instance/policy.ts';

test('is the one that is shipped to be filled in', async () => {
  const shipped = await readFile(join(import.meta.dirname, '../../policies/instance.json'), 'utf8');
  expect(JSON.parse(shipped)).toEqual(instancePolicy(['ENVIRONMENT'], 'BUCKET/PREFIX'));
});

test('names what an instance reads and its own report, for each environment', () => {
  const [read, write] = instancePolicy(['shop', 'test'], 'cust', 'aws-cn').Statement;
  expect(read).toMatchObject({ Action: ['s3:GetObject'] });
  expect(read?.Resource).toEqual(
    ['shop', 'test'].flatMap(one =>
      ['sig', 'yaml', 'zip', 'rollout'].map(ending => `arn:aws-cn:s3:::cust/${one}.${ending}`),
    ),
  );
  expect(write).toMatchObject({
    Action: ['s3:PutObject'],
    Resource: [
      'arn:aws-cn:s3:::cust/reports/shop/${aws:userid}.json',
      'arn:aws-cn:s3:::cust/reports/test/${aws:userid}.json',
    ],
  });
});
