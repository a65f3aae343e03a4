import { expect, test } from 'vitest';
import { type Checksum, payloadsOf } from '../../../src/aws/wire/payloads.ts';

const large = Buffer.alloc(2 ** 20, 'abc');

/** A store that answers so; what it was sent with. */
function store(answer: (checksum: Checksum) => object | Error) {
  const sent: string[] = [];
  const send = async (checksum: Checksum) => {
    sent.push(...Object.keys(checksum));
    const said = answer(checksum);
    if (said instanceof Error) throw said;
    return said;
  };
  return { sent, send };
}
const echo = (checksum: Checksum) => checksum;
const never = () => Promise.reject(new Error('not asked for'));

test.each([
  [undefined, large, 'ChecksumCRC32'],
  ['https://s3.example.com', large, 'ChecksumCRC32'],
  ['http://127.0.0.1:9000', large, 'ChecksumCRC32'],
  ['http://[::1]:9000', large, 'ChecksumCRC32'],
  ['http://localhost', large, 'ChecksumCRC32'],
  ['http://127.0.0.1.example.com', large, 'ChecksumSHA256'],
  ['http://minio.example.com:9000', large, 'ChecksumSHA256'],
  ['https://s3.example.com', large.subarray(1), 'ChecksumSHA256'],
])('what vouches for bytes that go to %s', async (endpoint, bytes, name) => {
  const { sent, send } = store(echo);
  const answer = await payloadsOf(endpoint).put(bytes, send, never);
  expect(sent).toEqual([name]);
  if (name === 'ChecksumCRC32') expect(answer.ChecksumCRC32).toMatch(/^[\w+/]{6}==$/);
});

test.each([400, 403, 501])(
  'where what is unsigned is refused with %d it is signed from then on',
  async status => {
    const refused = Object.assign(new Error('no'), { $metadata: { httpStatusCode: status } });
    const { sent, send } = store(checksum => ('ChecksumCRC32' in checksum ? refused : {}));
    const payloads = payloadsOf(undefined);
    for (let n = 0; n < 2; n++) await payloads.put(large, send, never);
    expect(sent).toEqual(['ChecksumCRC32', 'ChecksumSHA256', 'ChecksumSHA256']);
  },
);

test('who is refused both ways hears of the second, and it is tried again the next time', async () => {
  const refused = (text: string) => Object.assign(new Error(text), { $metadata: { httpStatusCode: 403 } });
  const { sent, send } = store(checksum => refused(Object.keys(checksum)[0]!));
  const payloads = payloadsOf(undefined);
  for (let n = 0; n < 2; n++)
    await expect(payloads.put(large, send, never)).rejects.toThrow('ChecksumSHA256');
  expect(sent).toHaveLength(4);
});

test('another error is nobody else’s', async () => {
  const { sent, send } = store(() =>
    Object.assign(new Error('gone'), { $metadata: { httpStatusCode: 404 } }),
  );
  await expect(payloadsOf(undefined).put(large, send, never)).rejects.toThrow('gone');
  expect(sent).toEqual(['ChecksumCRC32']);
});

test.each([
  ['no checksum', {}],
  ['another checksum', { ChecksumCRC32: 'AAAAAA==' }],
])(
  'a store that answers with %s is asked what it holds, and gets the SHA-256 from then on',
  async (_, said) => {
    const { sent, send } = store(() => said);
    const payloads = payloadsOf(undefined);
    await payloads.put(large, send, async () => true);
    await payloads.put(large, send, never);
    expect(sent).toEqual(['ChecksumCRC32', 'ChecksumSHA256']);
    const altering = payloadsOf(undefined).put(large, send, async () => false);
    await expect(altering).rejects.toMatchObject({ diagnostics: [{ code: 'object-altered' }] });
  },
);
