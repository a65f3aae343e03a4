import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer as createHttp } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { answersIn } from '../../src/recovery/inside/answers.ts';
import { type InsideProbe, PROBE_MARK, proberScript } from '../../src/recovery/inside/script.ts';
import { sha256 } from '../../src/values/digest.ts';
import { scratch } from '../support/cli.ts';

const nonce = '0123456789abcdef0123456789abcdef';
const run = promisify(execFile);

const listening = async (server: Server): Promise<number> => {
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
};

/** Runs the script itself, and answers with what it wrote. */
async function probed(probes: InsideProbe['probe'][]): Promise<string> {
  const dir = await scratch();
  const path = join(dir, 'prober.py');
  await writeFile(
    path,
    proberScript(
      nonce,
      probes.map(probe => ({ address: '127.0.0.1', probe })),
    ),
  );
  await run('python3', [path, join(dir, 'console')]);
  return readFile(join(dir, 'console'), 'utf8');
}

test('the script probes what is there and what is not, and its report is read back', async () => {
  const web = await listening(
    createHttp((request, response) => {
      response.statusCode = request.url === '/health' ? 200 : 404;
      response.end('all is "well" here');
    }),
  );
  const open = await listening(createServer(() => {}));
  const shut = await listening(createServer(socket => socket.end()));
  const gone = await listening(createServer()).then(port => port);
  const http = { kind: 'http', port: web, within: 0, status: 200 } as const;
  const said = await probed([
    { kind: 'tcp', port: open, within: 0 },
    { kind: 'tcp', port: shut, within: 0 },
    { ...http, path: '/health', contains: '"well"' },
    { ...http, path: '/health', contains: 'ill' },
    { ...http, path: '/other' },
    { kind: 'http', port: open, path: '/', status: 200, within: 0 },
    { kind: 'tcp', port: gone, within: 0 },
  ]);
  expect([...answersIn(said, nonce, 7).entries()]).toEqual([
    [0, { outcome: 'passed', saw: 'it was taken' }],
    [1, { outcome: 'failed', saw: 'it was taken and closed at once' }],
    [2, { outcome: 'passed', saw: 'status 200, and the text' }],
    [3, { outcome: 'failed', saw: 'status 200, without the text' }],
    [4, { outcome: 'failed', saw: 'status 404' }],
    [5, { outcome: 'failed', saw: 'nothing came back' }],
    [6, { outcome: 'passed', saw: 'it was taken' }],
  ]);
}, 300_000);

test('a port that nobody listens at is refused, and one that comes up in time passes', async () => {
  const server = createServer(() => {});
  const port = await listening(server);
  await new Promise<void>(done => server.close(() => done()));
  const refused = await probed([{ kind: 'tcp', port, within: 0 }]);
  expect(answersIn(refused, nonce, 1).get(0)).toEqual({
    outcome: 'failed',
    saw: 'the connection was refused',
  });
  let asked = 0;
  const web = await listening(
    createHttp((_, response) => {
      response.statusCode = ++asked < 2 ? 503 : 200;
      response.end();
    }),
  );
  const later = await probed([{ kind: 'http', port: web, path: '/', status: 200, within: 60_000 }]);
  expect(answersIn(later, nonce, 1).get(0)).toEqual({ outcome: 'passed', saw: 'status 200' });
}, 300_000);

const line = (json: string, of = nonce) =>
  `${PROBE_MARK} ${of} ${sha256(`${of} ${json}`).slice(0, 16)} ${json}`;
const passed = JSON.stringify({ probe: 0, outcome: 'passed', saw: 'it was taken' });

test('a line that is torn, of another nonce, or of no probe counts for nothing', () => {
  const whole = line(passed);
  expect(answersIn(`boot\r\n[  3.1] ${whole}\r\nlogin:`, nonce, 1).size).toBe(1);
  const others = [
    line(passed, 'f'.repeat(32)),
    `${whole.slice(0, -9)}[ 4.2] eth0: up${whole.slice(-9)}`,
    whole.replace('"passed"', '"failed"'),
    line(JSON.stringify({ probe: 1, outcome: 'passed', saw: '' })),
    line(JSON.stringify({ probe: 0.5, outcome: 'passed', saw: '' })),
    line(JSON.stringify({ probe: 0, outcome: 'not run', saw: '' })),
    line(JSON.stringify({ probe: 0, outcome: 'passed', saw: 'x'.repeat(161) })),
    line('{}'),
    `${'x'.repeat(9000)}${whole}`,
  ];
  expect(answersIn(others.join('\n'), nonce, 1)).toEqual(new Map());
});

test('whatever a console holds, nothing but an answer of this prober is read', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), fc.nat(400), (noise, at) => {
      const torn = line(passed).slice(0, at % line(passed).length);
      expect(answersIn(`${noise}\n${torn}`, nonce, 1)).toEqual(new Map());
      const text = `${noise.slice(0, at)}\n${line(passed)}\n${noise.slice(at)}`;
      expect(answersIn(text, nonce, 1)).toEqual(new Map([[0, { outcome: 'passed', saw: 'it was taken' }]]));
    }),
  );
});
