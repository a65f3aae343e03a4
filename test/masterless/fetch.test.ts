import { describe, expect, test } from 'vitest';
import { fetchSigned, fetchUnsigned } from '../../src/masterless/content/fetch.ts';
import { bucketOf, codeOf, hash, now, sign, signer, statementOf } from './support.ts';

const content = Buffer.from('converge: 1\n');
const deploy = signer();
const asking = { environment: 'taupe', now, version: '1.0.0' };
const file = sign(statementOf(content), deploy.key);
const fetch = (objects: Record<string, Buffer>, sleep = async (_ms: number) => {}) => {
  const bucket = bucketOf(objects);
  return {
    bucket,
    done: fetchSigned(bucket, asking, [deploy.trusted], { clock: { now: () => now, sleep } }),
  };
};

describe('signed content', () => {
  test('is what the signature names, in two requests', async () => {
    const { bucket, done } = fetch({
      'taupe.sig': file,
      'taupe.yaml': content,
      'taupe.zip': Buffer.from('other'),
    });
    expect(await done).toMatchObject({ name: 'taupe.yaml', bytes: content, sha256: hash(content) });
    expect(bucket.asked).toEqual(['taupe.sig', 'taupe.yaml']);
  });

  test('is waited for while only one of the two was uploaded', async () => {
    const objects: Record<string, Buffer> = { 'taupe.sig': file, 'taupe.yaml': Buffer.from('the old one') };
    const pauses: number[] = [];
    const { done } = fetch(objects, async ms => {
      pauses.push(ms);
      if (pauses.length === 2) objects['taupe.yaml'] = content;
    });
    expect((await done).bytes).toEqual(content);
    expect(pauses).toEqual([1000, 2000]);
  });

  test.each([
    [
      'changed after it was signed',
      { 'taupe.sig': file, 'taupe.yaml': Buffer.from('converge: 2\n') },
      'content-changed',
    ],
    ['not there', { 'taupe.sig': file }, 'content-not-found'],
    ['unsigned', { 'taupe.yaml': content }, 'signature-missing'],
    ['neither signed nor there', {}, 'content-not-found'],
    [
      'for another environment',
      {
        'taupe.sig': sign(statementOf(content, { environment: 'mauve' }), deploy.key),
        'taupe.yaml': content,
      },
      'signed-for-another',
    ],
  ])('that is %s fails', async (_, objects: Record<string, Buffer>, code) => {
    expect(await codeOf(() => fetch(objects).done)).toBe(code);
  });

  test('is not even asked for before the signature holds', async () => {
    const { bucket, done } = fetch({
      'taupe.sig': sign(statementOf(content), signer().key),
      'taupe.yaml': content,
    });
    expect(await codeOf(() => done)).toBe('signature-unknown-key');
    expect(bucket.asked).toEqual(['taupe.sig']);
  });
});

test('unsigned content is taken when that was asked for, and has nobody who vouches for it', async () => {
  const found = await fetchUnsigned(bucketOf({ 'taupe.zip': content }), 'taupe');
  expect(found).toEqual({ name: 'taupe.zip', bytes: content, sha256: hash(content) });
  expect(await codeOf(() => fetchUnsigned(bucketOf({}), 'taupe'))).toBe('content-not-found');
});
