import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

test('a program is found in the run that puts its directory on PATH, also by a guard', async () => {
  const dir = await scratch();
  await writeFile(
    join(dir, 'site.yaml'),
    `converge: 1
resources:
  exec:
    set up:
      command: [hello-tool, done]
      unless: [hello-tool, ask]
      cwd: /srv
      require: [env_path:/opt/tools, file:/opt/tools/hello-tool]
  env_path:
    /opt/tools: {}
  file:
    /opt/tools: { kind: directory }
    /opt/tools/hello-tool:
      mode: "0755"
      content: |
        #!/bin/sh
        case $1 in ask) test -e done ;; *) echo done > done ;; esac
`,
  );
  const lab = ['--lab', join(dir, 'lab')];
  expect(await cli(dir, ['apply', 'site.yaml', ...lab])).toMatchObject({ code: 0 });
  // Another process, which was started without it, finds it as well.
  const again = await cli(dir, ['plan', 'site.yaml', '--detailed-exitcodes', ...lab]);
  expect(again.stderr).not.toContain('error');
  expect(again.code).toBe(0);
});
