import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { expect, test } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import { beginTls, networkOf, straight } from '../../src/network/network.ts';
import { temporaryFolder } from '../support/engine-host.ts';

test('a file of authorities that could not be read is read again by whoever asks next', async () => {
  const path = join(temporaryFolder(), 'ca.pem');
  const network = networkOf({ ...nodeHost(), env: { AWS_CA_BUNDLE: path } });
  await expect(network.authorities()).rejects.toMatchObject({ diagnostics: [{ code: 'ca-file' }] });
  await writeFile(path, rootCertificates[0]!);
  const found = await network.authorities();
  expect(found).toBeDefined();
  expect(await network.authorities()).toBe(found);
});

test('what was given up while the authorities were read makes no connection', async () => {
  const read = Promise.withResolvers<undefined>();
  const stop = new AbortController();
  const network = { ...straight, authorities: () => read.promise };
  const begun = beginTls(network, { host: '127.0.0.1', port: 1 }, {}, { signal: stop.signal });
  stop.abort(new Error('Ctrl-C'));
  read.resolve(undefined);
  await expect(begun).rejects.toThrow('Ctrl-C');
});
