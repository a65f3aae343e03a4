import { expect, test } from 'vitest';
import { obtainContent } from '../../src/app/self/obtain-content.ts';
import { Failure, world } from '../../src/diagnostics/diagnostic.ts';
import { nodeHost } from '../../src/io/node.ts';
import { passingProxyFailures } from '../../src/network/failures.ts';
import { temporaryFolder } from '../support/engine-host.ts';

test.each(passingProxyFailures)('where a proxy says %s, what is kept is looked for', async code => {
  const get = async () => {
    throw new Failure(world(code, 'the proxy is away'));
  };
  const self = { bucket: { url: 's3://c', get }, environment: 'shop', stateDir: temporaryFolder() };
  const context = { io: { host: nodeHost(), interrupt: new AbortController().signal } };
  const asking = { environment: 'shop', now: 0, version: '1.0.0' };
  await expect(
    obtainContent(context as never, self as never, { trust: [], lockTimeout: 0 }, asking),
  ).rejects.toMatchObject({ diagnostics: [{ code }, { code: 'nothing-kept' }] });
});
