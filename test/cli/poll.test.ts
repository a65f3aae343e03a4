import { expect, test } from 'vitest';
import { lookAt } from '../../src/app/self/look-for-content.ts';
import { Failure, world } from '../../src/diagnostics/diagnostic.ts';
import { nodeFiles } from '../../src/io/node-files.ts';
import type { ContentBucket } from '../../src/masterless/content/bucket.ts';
import { bucketOf, hash } from '../masterless/support.ts';
import { scratch } from '../support/cli.ts';

const rollout = {
  converge_rollout: 1,
  id: 'r1',
  environment: 'taupe',
  started: '',
  state: 'done',
  instances: [],
};

/** A bucket that says how much of it was sent, and the agent's look at it. */
async function agent(objects: Record<string, Buffer>, change: Partial<ContentBucket> = {}) {
  const stateDir = await scratch();
  const plain = bucketOf(objects);
  const sent: string[] = [];
  const bucket: ContentBucket = {
    ...plain,
    async get(key, known) {
      const found = await plain.get(key, known);
      sent.push(`${key} ${found === undefined ? 404 : found === 'unchanged' ? 304 : 200}`);
      return found;
    },
    ...change,
  };
  return {
    sent,
    look: (unsigned = false) => lookAt({ bucket, environment: 'taupe', stateDir }, nodeFiles, unsigned),
  };
}

test('what is known already is not sent again', async () => {
  const objects: Record<string, Buffer> = {
    'taupe.sig': Buffer.from('signature'),
    'taupe.rollout': Buffer.from(JSON.stringify(rollout)),
  };
  const { look, sent } = await agent(objects);
  const first = await look();
  expect(first).toEqual({ offered: hash(objects['taupe.sig']!), rollout });
  expect(await look()).toEqual(first);
  expect(sent).toEqual(['taupe.sig 200', 'taupe.rollout 200', 'taupe.sig 304', 'taupe.rollout 304']);
  objects['taupe.sig'] = Buffer.from('another');
  expect((await look()).offered).toBe(hash(Buffer.from('another')));
  delete objects['taupe.rollout'];
  expect((await look()).rollout).toBeUndefined();
});

test('a rollout of another environment, and one that can not be read, are none', async () => {
  for (const text of [JSON.stringify({ ...rollout, environment: 'mauve' }), '{"converge_rollout":']) {
    const { look } = await agent({ 'taupe.rollout': Buffer.from(text) });
    expect(await look()).toEqual({ offered: undefined, rollout: undefined });
    expect((await look()).rollout).toBeUndefined();
  }
});

test('a denied rollout may only be missing; a denied signature is told', async () => {
  const denied = (wrong: string): Partial<ContentBucket> => ({
    async get(key) {
      if (key.endsWith(wrong)) throw new Failure(world('aws-access-denied', `s3:GetObject on ${key}`));
      return { bytes: Buffer.from('x'), etag: 'e' };
    },
  });
  const rolloutDenied = await agent({}, denied('.rollout'));
  expect(await rolloutDenied.look()).toEqual({ offered: hash(Buffer.from('x')), rollout: undefined });
  const signatureDenied = await agent({}, denied('.sig'));
  await expect(signatureDenied.look()).rejects.toThrow('s3:GetObject on taupe.sig');
});

test('unsigned, the content itself is looked at, whichever there is', async () => {
  const objects: Record<string, Buffer> = { 'taupe.zip': Buffer.from('zip') };
  const { look, sent } = await agent(objects);
  expect((await look(true)).offered).toBe(hash(Buffer.from('zip')));
  await look(true);
  expect(sent.filter(line => line.startsWith('taupe.zip'))).toEqual(['taupe.zip 200', 'taupe.zip 304']);
});
