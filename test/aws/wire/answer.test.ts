import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answerReader, BadAnswer } from '../../../src/aws/wire/answer.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

/**
 * What a reader makes of bytes that come in such pieces, whose buffer is used for something else afterwards.
 * As a connection does it, what has a place is put there. `placed`: is told how many bytes were.
 */
function read(bytes: Buffer, cuts: number[], into?: Buffer, placed?: (count: number) => void) {
  const reader = answerReader(into);
  const ends = [...new Set(cuts.map(cut => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  let from = 0;
  for (const to of [...ends, bytes.length])
    while (from < to) {
      const room = reader.room();
      const piece = Buffer.from(bytes.subarray(from, room ? Math.min(to, from + room.length) : to));
      if (room) {
        piece.copy(room);
        reader.landed(piece.length);
        placed?.(piece.length);
      } else reader.feed(piece);
      piece.fill(0xee);
      from += piece.length;
    }
  return reader;
}

const head = (...lines: string[]) => Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
const content = fc.uint8Array({ maxLength: 3000 }).map(bytes => Buffer.from(bytes));
const cuts = fc.array(fc.nat({ max: 5000 }), { maxLength: 12 });
const interim = fc.constantFrom(
  Buffer.alloc(0),
  head('HTTP/1.1 100 Continue'),
  head('HTTP/1.1 103 Early', 'Link: </x>'),
);

const chunked = (body: Buffer, sizes: number[], trailer: boolean): Buffer => {
  const parts: Buffer[] = [];
  let n = 0;
  for (let at = 0; at < body.length; n++) {
    const some = body.subarray(at, at + (sizes[n % sizes.length] ?? 1));
    parts.push(
      Buffer.from(`${some.length.toString(16)}${n % 2 ? ';name="v"' : ''}\r\n`),
      some,
      Buffer.from('\r\n'),
    );
    at += some.length;
  }
  return Buffer.concat([...parts, Buffer.from(`0\r\n${trailer ? 'x-last: 1\r\n' : ''}\r\n`)]);
};

describe('an answer', () => {
  test('is what was sent, however its bytes come, and whatever becomes of them afterwards', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        content,
        cuts,
        interim,
        sizes,
        fc.boolean(),
        fc.constantFrom('length', 'chunked', 'closed'),
        fc.boolean(),
        (body, at, before, of, trailer, how, landed) => {
          const told =
            how === 'length'
              ? [`Content-Length: ${body.length}`]
              : how === 'chunked'
                ? ['transfer-encoding: Chunked']
                : ['Connection: close'];
          const sent = how === 'chunked' ? chunked(body, of, trailer) : body;
          const bytes = Buffer.concat([
            before,
            head('HTTP/1.1 206 Partial Content', 'ETag:  "x" ', ...told),
            sent,
          ]);
          const into = landed ? Buffer.alloc(body.length + 7, 0xaa) : undefined;
          const reader = read(bytes, at, into);
          if (how === 'closed') {
            expect(reader.answer).toBeUndefined();
            reader.end();
          }
          const answer = reader.answer!;
          expect(answer).toMatchObject({ status: 206, headers: { etag: '"x"' }, reusable: how !== 'closed' });
          expect(answer.body.equals(body)).toBe(true);
          if (into) {
            expect(answer.body.buffer).toBe(into.buffer);
            expect(into.subarray(body.length).every(byte => byte === 0xaa)).toBe(true);
          }
        },
      ),
    );
  });

  test('whose body is large is put where it belongs, all but what tells where it ends', () => {
    const large = fc.integer({ min: 0, max: 200_000 }).map(length => new SeededRandom('body').bytes(length));
    const sizes = fc.array(fc.integer({ min: 1, max: 90_000 }), { minLength: 1, maxLength: 4 });
    const far = fc.array(fc.nat({ max: 200_000 }), { maxLength: 12 });
    fc.assert(
      fc.property(large, far, sizes, fc.boolean(), (body, at, of, inChunks) => {
        const told = inChunks ? 'transfer-encoding: chunked' : `content-length: ${body.length}`;
        const sent = inChunks ? chunked(body, of, true) : body;
        const into = Buffer.alloc(body.length + 7, 0xaa);
        let placed = 0;
        const after = Buffer.from('more');
        const bytes = Buffer.concat([head('HTTP/1.1 200 OK', told), sent, after]);
        const { answer } = read(bytes, [0, 60, ...at], into, count => (placed += count));
        expect(answer).toMatchObject({ status: 200, reusable: false });
        expect(answer!.body.equals(body)).toBe(true);
        expect(into.subarray(body.length).every(byte => byte === 0xaa)).toBe(true);
        if (!inChunks && body.length > 2 * 16_384) expect(placed).toBeGreaterThan(0);
        expect(placed).toBeLessThanOrEqual(Math.max(0, body.length - 16_384));
      }),
      { numRuns: 40 },
    );
  });

  test('that is cut off anywhere is none', () => {
    fc.assert(
      fc.property(fc.constantFrom('length', 'chunked'), fc.nat(), fc.nat(), (how, cut, n) => {
        const body = Buffer.alloc(1 + (n % 40), 'b');
        const whole =
          how === 'length'
            ? Buffer.concat([head('HTTP/1.1 200 OK', `content-length: ${body.length}`), body])
            : Buffer.concat([
                head('HTTP/1.1 200 OK', 'transfer-encoding: chunked'),
                chunked(body, [7], true),
              ]);
        const reader = read(whole.subarray(0, cut % whole.length), [], Buffer.alloc(64));
        expect(reader.answer).toBeUndefined();
        expect(() => reader.end()).toThrow(expect.objectContaining({ code: 'ECONNRESET' }));
      }),
    );
  });

  test('after which more comes leaves a connection that is not used again', () => {
    const bytes = Buffer.concat([
      head('HTTP/1.1 200 OK', 'content-length: 1'),
      Buffer.from('xHTTP/1.1 200 OK'),
    ]);
    expect(read(bytes, []).answer).toMatchObject({ body: Buffer.from('x'), reusable: false });
    expect(read(head('HTTP/1.0 204 No Content'), []).answer).toMatchObject({ status: 204, reusable: false });
    expect(read(head('HTTP/1.1 304 Not Modified', 'content-length: 9'), []).answer).toMatchObject({
      status: 304,
    });
  });

  test('with a length beside its chunks is what the chunks have, and the last on its connection', () => {
    const lines = ['HTTP/1.1 200 OK', 'Content-Length: 999', 'Transfer-Encoding: chunked'];
    const bytes = Buffer.concat([head(...lines), chunked(Buffer.from('in chunks'), [4], false)]);
    const { answer } = read(bytes, [], Buffer.alloc(16));
    expect(answer).toMatchObject({ body: Buffer.from('in chunks'), reusable: false });
  });

  test.each([
    ['in one line', ['Content-Length: 5, 5']],
    ['in two lines', ['Content-Length: 5', 'content-length: 5']],
    ['in both ways', ['Content-Length: 5', 'content-length: 5 ,5']],
  ])('that has its length twice, %s, has that length', (_, lines) => {
    const { answer } = read(Buffer.concat([head('HTTP/1.1 200 OK', ...lines), Buffer.from('bytes')]), []);
    expect(answer).toMatchObject({ headers: { 'content-length': '5' }, body: Buffer.from('bytes') });
    expect(answer!.reusable).toBe(true);
  });

  test.each([
    ['another protocol', 'SSH-2.0-x\r\n\r\n'],
    ['a switch of protocols', 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\ncontent-length: 2\r\n\r\n'],
    ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n'],
    ['two lengths in one line', 'HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n'],
    ['an encoding that is not known', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'],
    ['a folded header', 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n'],
    ['a blank before the colon', 'HTTP/1.1 200 OK\r\nA : b\r\n\r\n'],
    ['more than was asked for', 'HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n'],
    ['chunks of more than was asked for', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n'],
    ['a chunk without a length', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'],
    ['a chunk that goes on', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n'],
    ['a head without end', `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(20_000)}`],
    ['interim answers without end', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(4000)],
    ['an error without end', `HTTP/1.1 500 No\r\nConnection: close\r\n\r\n${'x'.repeat(2 ** 20 + 1)}`],
  ])('is refused: %s', (_, text) => {
    expect(() => read(Buffer.from(text), [], Buffer.alloc(16))).toThrow(BadAnswer);
  });

  test('of any bytes at all is an answer, an error or nothing', () => {
    const any = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes)),
      fc.string({ maxLength: 100 }).map(text => Buffer.from(`HTTP/1.1 200 OK\r\n${text}\r\n\r\n${text}`)),
    );
    fc.assert(
      fc.property(any, cuts, (bytes, at) => {
        const into = Buffer.alloc(32, 0xaa);
        try {
          const { answer } = read(bytes, at, into.subarray(0, 16));
          if (answer) expect(answer.body.length).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(BadAnswer);
        }
        expect(into.subarray(16).every(byte => byte === 0xaa)).toBe(true);
      }),
    );
  });
});
