import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { editorCases } from '../support/editor-cases.ts';
import { describeWith } from './s3-programs.ts';

describeWith(
  'our schemas, read by jsonschema of Python',
  'python3',
  ['-c', 'import jsonschema, referencing'],
  () => {
    test('takes what is shipped, and refuses what editors are there to refuse', async () => {
      const cases = await editorCases();
      const folder = join(import.meta.dirname, '../../schemas');
      const { stdout, stderr } = spawnSync('python3', [join(import.meta.dirname, 'editor-schema.py')], {
        input: JSON.stringify({ folder, cases }),
        encoding: 'utf8',
      });
      expect(stderr).toBe('');
      const verdicts = JSON.parse(stdout) as boolean[];
      expect(cases.filter(({ fits }, at) => verdicts[at] !== fits).map(({ name }) => name)).toEqual([]);
      expect(verdicts).toHaveLength(cases.length);
    });
  },
);
