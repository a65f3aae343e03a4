import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { crc32, deflateSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { evidenceOf } from '../../src/recovery/evidence/evidence.ts';
import { evidencePage } from '../../src/recovery/evidence/evidence-page.ts';
import { aRun } from '../recovery/evidence-run.ts';
import { scratch } from '../support/cli.ts';
import { describeWith } from './s3-programs.ts';

const run = promisify(execFile);

/** Whatever a browser asks of anybody, loopback too, goes by this, which answers nobody. */
async function anybody() {
  const asked: string[] = [];
  const server = createServer(socket => {
    socket.once('data', data => {
      asked.push(data.toString('latin1').split('\r\n')[0]!);
      socket.destroy();
    });
    socket.on('error', () => {});
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  return { asked, port: (server.address() as AddressInfo).port };
}

/** A picture as large as a console's, with lines of grey, in base64. */
function console640(): string {
  const [width, height] = [640, 400];
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head[8] = 8;
  const rows = Buffer.from(
    Array.from({ length: height * (width + 1) }, (_, at) => {
      const [row, column] = [Math.floor(at / (width + 1)), at % (width + 1)];
      return column > 8 && row % 16 > 8 && row < 200 && (row * 37 + column * 11) % 640 < 300 ? 170 : 0;
    }),
  ).map((value, at) => (at % (width + 1) === 0 ? 0 : value));
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  return Buffer.concat([
    signature,
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]).toString('base64');
}

/** What code would do if it ran: change the document, and ask for something. */
const code = (port: number) =>
  `document.documentElement.lang='zz';new Image().src='http://127.0.0.1:${port}/ran'`;

const hostile = (port: number) =>
  [
    `</td></title></style><script>${code(port)}</script>`,
    `<script src="http://example.com/x.js"></script><link rel=stylesheet href="http://example.com/x.css">`,
    `<img src="http://example.com/x.png" onerror="${code(port)}"><svg onload="${code(port)}">`,
  ].join(' ');

/** What takes the browser elsewhere, which leaves nothing of the page to look at. */
const away = `<meta http-equiv=refresh content="0;url=http://example.com/"><base href="http://example.com/"><iframe src="http://example.com/">`;

describeWith("a test's evidence in a browser", 'chromium-headless-shell', ['--version'], () => {
  async function browse(html: string, port: number) {
    const dir = await scratch();
    const page = join(dir, 'page.html');
    await writeFile(page, html);
    const browser = async (...args: string[]) =>
      (
        await run(
          'chromium-headless-shell',
          [
            // A container's root has no sandbox to go into.
            '--no-sandbox',
            '--disable-gpu',
            '--disable-dev-shm-usage',
            '--disable-background-networking',
            '--disable-component-update',
            `--user-data-dir=${join(dir, 'profile')}`,
            `--proxy-server=http://127.0.0.1:${port}`,
            '--proxy-bypass-list=<-loopback>',
            '--virtual-time-budget=5000',
            ...args,
            pathToFileURL(page).href,
          ],
          { cwd: dir, maxBuffer: 64 * 2 ** 20 },
        )
      ).stdout;
    return { dir, browser };
  }

  test('hostile names and consoles are text: nothing is asked of anybody, and no script runs', async () => {
    const { asked, port } = await anybody();
    const evil = `${hostile(port)} ">${away}`;
    const evidence = evidenceOf(aRun({ vm: `web01${evil}`, saw: evil }));
    const picture = { image: console640(), type: 'png' as const };
    const html = evidencePage(evidence, new Map([[1, picture]]));
    const { dir, browser } = await browse(html, port);

    const dom = await browser('--dump-dom');
    expect(dom).toContain('<html lang="en">');
    expect(dom).not.toMatch(/<(script|link|svg|iframe|base)\b/i);
    expect(dom.match(/<img /g)).toHaveLength(1);
    expect(dom).toContain('&lt;script src="http://example.com/x.js"&gt;');

    await browser('--screenshot=page.png', '--window-size=1100,2400', '--hide-scrollbars');
    const png = await readFile(join(dir, 'page.png'));
    expect([png.toString('latin1', 1, 4), png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([
      'PNG',
      1100,
      2400,
    ]);
    await browser('--print-to-pdf=page.pdf', '--no-pdf-header-footer');
    const { stdout: printed } = await run('pdftotext', ['-layout', 'page.pdf', '-'], { cwd: dir });
    for (const one of [
      'did not pass',
      '15 min 0 s',
      'fd320fe42ffff377',
      '10.0.1.0/24',
      'What it does not show',
    ])
      expect(printed).toContain(one);
    expect((await run('pdfimages', ['-list', 'page.pdf'], { cwd: dir })).stdout).toMatch(/ image /);
    expect(asked).toEqual([]);
  });

  test('a planned failover, and what is left of one, print whole', async () => {
    const { port } = await anybody();
    const { start, steps } = aRun();
    const fencing = [{ at: start.began, vm: 'web01', did: 'at-rest' as const }];
    const things = [{ kind: 'instance' as const, id: 'i-098c54c1fa6e4f9a3', vm: 'web01', hourly: 0.096 }];
    const html = evidencePage(
      evidenceOf({
        start: { ...start, kind: 'real', planned: true, fencing },
        steps: [...steps, { at: start.began, what: 'left', things }],
      }),
      new Map(),
    );
    const { dir, browser } = await browse(html, port);
    await browser('--print-to-pdf=page.pdf', '--no-pdf-header-footer');
    const { stdout: printed } = await run('pdftotext', ['-layout', 'page.pdf', '-'], { cwd: dir });
    const text = printed.replace(/\s+/g, ' ');
    for (const one of ['Planned', '0 s', 'fenced at', 'What is left of it', '$0.096 an hour'])
      expect(text).toContain(one);
  });

  test('the same text in a page that takes it for HTML runs, and asks: the test would see it', async () => {
    const { asked, port } = await anybody();
    const { browser } = await browse(`<!doctype html><html lang="en"><body>${hostile(port)}`, port);
    expect(await browser('--dump-dom')).toContain('<html lang="zz">');
    expect(asked.join('\n')).toMatch(/example\.com/);
  });
});
