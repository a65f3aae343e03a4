import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../../support/cli.ts';

const declared: [type: string, title: string, properties: string, missing: string][] = [
  ['scheduled_task', '\\Cust\\Sync', 'command: C:\\a.exe', 'command'],
  ['registry_value', 'HKLM\\SOFTWARE\\Cust\\Level', 'value: 1', 'value'],
  ['firewall_rule', 'Web', 'action: allow', 'action'],
  ['environment_variable', 'GREETING', 'value: hello', 'value'],
];

test.each(declared)(
  'a %s needs nothing but its name to be removed',
  async (type, title, properties, missing) => {
    const dir = await scratch();
    const lab = ['--lab', join(dir, 'lab')];
    const run = async (command: string, body: string) => {
      const text = `converge: 1\nrequires: { os: windows }\nresources:\n  ${type}:\n    ${title}: { ${body} }\n`;
      await writeFile(join(dir, 'site.yaml'), text);
      return cli(dir, [command, 'site.yaml', ...lab]);
    };
    expect((await run('apply', properties)).stdout).toContain('+ create');
    const gone = await run('apply', 'ensure: absent');
    expect(gone.stdout).toContain('- delete');
    expect(gone.code).toBe(0);
    expect((await run('plan', 'ensure: absent')).stdout).toContain('Nothing to do');
    const wanted = await run('validate', '');
    expect(wanted.code).toBe(1);
    expect(wanted.stderr).toContain(`the property \`${missing}\` is missing`);
  },
);
