import { expect, test } from 'vitest';
import { bundled, textOf } from '../bundle/support.ts';
import { missing as noCfnInit, runConfig } from './beanstalk-config.ts';
import { judged, missing as noSchema } from './task-schema.ts';

// What is bundled for Beanstalk, before those who read it there, or the nearest that can be had. Windows'
// side: wine/bundle.heavy.ts.
const absent = { 'cfn-init': noCfnInit(), 'the task schema': noSchema() };
for (const [name, what] of Object.entries(absent))
  if (what !== undefined)
    console.warn(`SKIPPED: what is bundled against ${name}: no ${what} here (see test/peers/PEERS.md)`);

const bundle = bundled('beanstalk-windows');

test.skipIf(absent['cfn-init'] !== undefined)(
  'cfn-init runs the one command, waits for nothing and stops at its failure',
  () => {
    const config = textOf(bundle, '.ebextensions/converge.config');
    const { ran, files, failed } = runConfig(config);
    expect(ran).toEqual([expect.objectContaining({ name: '01_converge_place', cwd: null, wait: 0 })]);
    expect(Object.values(files)).toEqual([expect.stringMatching(/\\agent\.log\n$/)]);
    expect(failed).toBeNull();
    expect(runConfig(config, { '01_converge_place': 1 }).failed).toContain('01_converge_place');
  },
);

test.skipIf(absent['the task schema'] !== undefined)(
  'the task of the agent is of the published schema',
  () => {
    const task = textOf(bundle, 'converge/agent/agent-task.xml').replace(
      '@PROGRAM@',
      'C:\\Program Files\\converge\\0123456789abcdef\\run.cmd',
    );
    expect(judged({ task, worse: task.replace('PT5M', '5 minutes') })).toEqual({
      task: '',
      worse: expect.stringContaining('Interval'),
    });
  },
);
