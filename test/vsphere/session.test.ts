import { expect, it } from 'vitest';
import { networkFailure } from '../../src/vsphere/http/network-errors.ts';
import { moref } from '../../src/vsphere/soap/moref.ts';
import { escapeXml } from '../../src/vsphere/soap/xml-writer.ts';
import {
  CONTENT,
  connected,
  enveloped,
  failureOf,
  fault,
  PASSWORD,
  quickClock,
  type Script,
} from './scripted-server.ts';

const vm = moref('VirtualMachine', 'vm-1');
const ask = { method: 'SessionIsActive', self: vm };

/** Answers only the cookie of the newest login; `expire` ends that session. */
function expiring(): { script: Script; expire(): void } {
  let valid = '';
  const script: Script = {
    Login: ({ nth }) => {
      valid = `c${nth}`;
      return {
        status: 200,
        headers: { 'set-cookie': `vmware_soap_session="${valid}"; Path=/; HttpOnly` },
        body: enveloped('<LoginResponse xmlns="urn:vim25"><returnval/></LoginResponse>'),
      };
    },
    SessionIsActive: ({ headers }) =>
      headers.cookie === `vmware_soap_session="${valid}"`
        ? '<returnval>true</returnval>'
        : fault('NotAuthenticated'),
  };
  const expire = () => {
    valid = 'none';
  };
  return { script, expire };
}

it('speaks as the API asks: version in SOAPAction, user, password, cookie', async () => {
  const { server, session } = await connected({ SessionIsActive: () => '<returnval>true</returnval>' });
  expect((await session.query(ask))[0]!.text).toBe('true');
  const login = server.received.find(r => r.method === 'Login')!;
  expect(login.headers).toMatchObject({
    soapaction: '"urn:vim25/6.7"',
    'content-type': 'text/xml; charset=utf-8',
  });
  expect(login.body).toContain(
    '<Login xmlns="urn:vim25"><_this type="SessionManager">SessionManager</_this><userName>svc-converge</userName><password>p&lt;&amp;&gt;&quot;ss wörd</password>',
  );
  expect(server.received.at(-1)!.headers.cookie).toMatch(/^vmware_soap_session="s\d+"$/);
});

it('names the user of a refused login, never the password', async () => {
  const failure = await failureOf(
    connected({ Login: () => fault('InvalidLogin', '', `Cannot ${escapeXml(PASSWORD)}`) }),
  );
  expect(failure.diagnostics[0]).toMatchObject({ code: 'vsphere-login-refused', category: 'world' });
  expect(failure.message).toContain("'svc-converge'");
  expect(JSON.stringify([failure, failure.diagnostics, failure.stack, String(failure.cause)])).not.toContain(
    PASSWORD,
  );
});

it('logs in once for all calls that found the session expired, with no old cookie', async () => {
  const { script, expire } = expiring();
  const { server, session } = await connected(script);
  expire();
  const answers = await Promise.all([session.query(ask), session.query(ask), session.query(ask)]);
  expect(answers.map(a => a[0]!.text)).toEqual(['true', 'true', 'true']);
  expect(server.count('Login')).toBe(2);
  expect(server.received.filter(r => r.method === 'Login').map(r => r.headers.cookie)).toEqual([
    undefined,
    undefined,
  ]);
});

it('shares one login among those who ask for it at one time', async () => {
  const { server, session } = await connected();
  await Promise.all([session.renew(1), session.renew(1), session.renew(1)]);
  await session.renew(1);
  expect([session.generation, server.count('Login')]).toEqual([2, 2]);
});

it('logs in once only; a session that does not hold is a failure', async () => {
  const { server, session } = await connected({ SessionIsActive: () => fault('NotAuthenticated') });
  await expect(session.query(ask)).rejects.toMatchObject({ type: 'NotAuthenticated' });
  expect(server.count('Login')).toBe(2);
  expect(server.count('SessionIsActive')).toBe(2);
});

it('does not repeat what is only invoked', async () => {
  const { server, session } = await connected({ CreateSnapshot_Task: () => fault('NotAuthenticated') });
  await expect(session.invoke({ method: 'CreateSnapshot_Task', self: vm })).rejects.toMatchObject({
    type: 'NotAuthenticated',
  });
  expect([server.count('CreateSnapshot_Task'), server.count('Login')]).toEqual([1, 1]);
});

it('repeats an idempotent call over a broken connection, later each time, and counts it', async () => {
  const clock = quickClock();
  const counted: string[] = [];
  const { session } = await connected(
    { SessionIsActive: ({ nth }) => (nth < 3 ? 'cut' : '<returnval>true</returnval>') },
    clock,
    event => counted.push(event),
  );
  expect((await session.query(ask))[0]!.text).toBe('true');
  expect(clock.slept).toEqual([1000, 2000, 4000]);
  expect(counted.filter(e => e === 'retried')).toHaveLength(3);
});

it('gives up after the fourth time', async () => {
  const { server, session } = await connected({
    SessionIsActive: () => ({ status: 503, body: 'no healthy upstream' }),
  });
  const failure = await failureOf(session.query(ask));
  expect(failure.diagnostics[0]).toMatchObject({ code: 'vsphere-unavailable' });
  expect(server.count('SessionIsActive')).toBe(4);
});

it('outlasts minutes with the bulk patience, pauses of half a minute at most, then gives up', async () => {
  const clock = quickClock();
  const { session } = await connected({ SessionIsActive: () => 'cut' }, clock);
  const from = clock.now();
  const failure = await failureOf(session.query(ask, 'bulk'));
  expect(failure.diagnostics[0]).toMatchObject({ code: 'vsphere-connection-lost' });
  expect(clock.now() - from).toBeGreaterThanOrEqual(600_000);
  expect(clock.now() - from).toBeLessThanOrEqual(630_000);
  expect(Math.max(...clock.slept)).toBe(30_000);
});

it('stops at once when aborted while it waits', async () => {
  const stop = new AbortController();
  const clock = quickClock();
  const { session } = await connected(
    {
      SessionIsActive: () => {
        stop.abort(new Error('interrupted'));
        return 'cut';
      },
    },
    clock,
  );
  await expect(session.query({ ...ask, signal: stop.signal })).rejects.toThrow('interrupted');
  expect(clock.slept).toEqual([]);
});

const html = '<!DOCTYPE html><html><head><title>It works</title></head></html>';
it.each<[string, Script]>([
  ['a web server', { 'GET /sdk/vimServiceVersions.xml': () => ({ status: 200, body: html }) }],
  [
    'a web server without the file',
    {
      'GET /sdk/vimServiceVersions.xml': () => ({ status: 404, body: html }),
      RetrieveServiceContent: () => ({ status: 404, body: html }),
    },
  ],
  [
    'XHTML',
    {
      'GET /sdk/vimServiceVersions.xml': () => ({
        status: 200,
        body: '<html xmlns="http://www.w3.org/1999/xhtml"/>',
      }),
    },
  ],
])('recognises %s', async (_, script) => {
  const [d] = (await failureOf(connected(script))).diagnostics;
  expect(d).toMatchObject({ code: 'vsphere-not-a-server', category: 'world' });
  expect(d!.message).toMatch(/127\.0\.0\.1:\d+ is not a vSphere server/);
});

it('speaks the oldest version to a server without the list', async () => {
  const { server } = await connected({ 'GET /sdk/vimServiceVersions.xml': () => ({ status: 404 }) });
  expect(server.received.at(-1)!.headers.soapaction).toBe('"urn:vim25/6.5"');
});

it('refuses a server that is too old', async () => {
  const old = CONTENT.replace('8.0.2.0', '6.0');
  const failure = await failureOf(connected({ RetrieveServiceContent: () => old }));
  expect(failure.message).toMatch(/speaks API 6\.0; converge needs 6\.5/);
});

it('says that an answer is broken when it is', async () => {
  const { session } = await connected({
    SessionIsActive: () => ({ status: 200, body: `<?xml version="1.0"?><a><b>` }),
  });
  expect((await failureOf(session.query(ask))).diagnostics[0]!.code).toBe('vsphere-malformed-answer');
});

it('logs out on close, and does not mind when that fails', async () => {
  const { server, session } = await connected({ Logout: () => fault('NotAuthenticated') });
  await session.close();
  expect(server.received.at(-1)!.method).toBe('Logout');
});

it.each([
  ['ENOTFOUND', 'vsphere-name-unknown', /cannot be resolved/],
  ['EAI_AGAIN', 'vsphere-unreachable', /cannot be resolved/],
  ['ETIMEDOUT', 'vsphere-timeout', /did not answer in time/],
  ['EHOSTUNREACH', 'vsphere-unreachable', /no route to the host/],
  ['ECONNRESET', 'vsphere-connection-lost', /broke \(ECONNRESET\)/],
])('puts %s into words that name the host', (code, name, words) => {
  const failure = networkFailure(Object.assign(new Error('x'), { code }), 'vc.example.com:443');
  expect(failure).toMatchObject({ diagnostics: [{ code: name, message: expect.stringMatching(words) }] });
  expect(String(failure)).toContain('vc.example.com:443');
});
