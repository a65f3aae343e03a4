import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { jobs, policyOf } from '../../src/resources/aws/pilot/policies.ts';
import { describeWith } from './s3-programs.ts';

interface Policy {
  Statement: { Action: string[]; Resource: string[] }[];
}
type Found = [issue: string, detail: unknown][];

const of = { repository: 's3://gdh-vm-replication/dr', images: 's3://gdh-vmimport/dr' };
const where = { account: '123456789012', region: 'eu-west-1' };

const lint = (policies: readonly unknown[]): Found[] =>
  execFileSync('python3', [join(import.meta.dirname, 'policy_lint.py')], {
    input: policies.map(one => `${JSON.stringify(one)}\n`).join(''),
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
  })
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Found);

/**
 * A launch is allowed by two statements, what it makes and what it makes it of: each lacks the other's
 * resources.
 */
const isElsewhere = ({ Statement }: Policy, action: string, form: string): boolean =>
  Statement.some(
    ({ Action, Resource }) =>
      Action.includes(action) &&
      Resource.some(one => one === '*' || one.includes(`:${form.split(':').at(-1)!.split('/')[0]}/`)),
  );

describeWith('policies of roles', 'python3', ['-c', 'import parliament'], () => {
  it('name actions, resources and condition keys that AWS documents, and what goes wrong is seen', () => {
    const policies = jobs.map(may => policyOf({ may, ...of }, where) as unknown as Policy);
    // That what only looks names no resource is held elsewhere.
    for (const [n, found] of lint(policies).entries())
      for (const [issue, detail] of found)
        if (issue !== 'RESOURCE_STAR') {
          expect([jobs[n], issue, detail]).toEqual([jobs[n], 'RESOURCE_MISMATCH', expect.anything()]);
          for (const { action, required_format } of detail as { action: string; required_format: string }[])
            expect(isElsewhere(policies[n]!, action, required_format), `${action} ${required_format}`).toBe(
              true,
            );
        }
    const operator = JSON.stringify(policies[jobs.indexOf('operator')]);
    const issues = lint(
      [
        ['ec2:RunInstances', 'ec2:RunInstance'],
        ['aws:RequestTag/', 'aws:RequestTagg/'],
        ['"StringLike"', '"StringAlike"'],
        ['scheduler:CreateSchedule', 'schedule:CreateSchedule'],
      ].map(([from, to]) => JSON.parse(operator.replaceAll(from!, to!)) as unknown),
    ).map(found => found.map(([issue]) => issue));
    expect(issues).toEqual([
      expect.arrayContaining(['UNKNOWN_ACTION']),
      expect.arrayContaining(['UNKNOWN_CONDITION_FOR_ACTION']),
      expect.arrayContaining(['UNKNOWN_OPERATOR']),
      expect.arrayContaining(['UNKNOWN_PREFIX']),
    ]);
  }, 120_000);
});
