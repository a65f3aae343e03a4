import { expect, test } from 'vitest';
import { registry } from '../../src/resources/registry.ts';
import { compileText } from '../manifest/fixture.ts';

test.each(['0 Mbit/s', '200 Mbps', '1.5 Gbit/s', '25 MB/s', ''])(
  'the rate `%s` is a mistake that says how one is written, wherever it stands',
  async rate => {
    const windows = `windows: [{ from: '08:00', to: '18:00', limit: '${rate}' }]`;
    const { diagnostics } = await compileText(
      `targets: { dr: { type: aws, region: eu-west-1, bandwidth: { limit: '${rate}', ${windows} } } }\n`,
      { registry },
    );
    const limit = expect.stringContaining('`limit`: expected a rate such as 200 Mbit/s');
    const hint = 'a rate is a whole number of Mbit/s, Gbit/s, MiB/s or GiB/s: 200 Mbit/s, 25 MiB/s';
    expect(diagnostics).toMatchObject([
      { message: limit, hint },
      { message: limit, hint },
    ]);
  },
);
