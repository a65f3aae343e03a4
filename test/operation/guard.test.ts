import { expect, test } from 'vitest';
import { admit, type Guard, type Request } from '../../src/operation/server/guard.ts';

const token = 'a-token-that-nobody-guesses';
const guard: Guard = {
  hosts: new Set(['127.0.0.1:9470', 'localhost:9470']),
  token,
  cookieName: 'converge',
  isSession: id => id === 's1',
};
const asked = (more: Partial<Request>): Request => ({
  method: 'GET',
  target: '/?state=late',
  host: '127.0.0.1:9470',
  fetchSite: 'none',
  ...more,
});

test.each<[string, Partial<Request>, number]>([
  ['nothing that is known', {}, 401],
  ['another session', { cookie: 'converge=s2' }, 401],
  ['a session under another name', { cookie: 'convergex=s1; x=converge=s1' }, 401],
  ['the token as a cookie', { cookie: `converge=${token}` }, 401],
  ['another token', { target: '/?token=wrong', cookie: 'converge=s1' }, 401],
  ['another bearer', { authorization: 'Bearer wrong' }, 401],
  ['the token as Basic', { authorization: `Basic ${token}` }, 401],
  ['a rebound name', { host: 'evil.example.com:9470', cookie: 'converge=s1' }, 421],
  ['a name without the port', { host: '127.0.0.1', cookie: 'converge=s1' }, 421],
  ['no name', { host: undefined, cookie: 'converge=s1' }, 421],
  ['another site', { fetchSite: 'cross-site', cookie: 'converge=s1' }, 403],
  ['another port of this machine', { fetchSite: 'same-site', cookie: 'converge=s1' }, 403],
  ['two sites', { fetchSite: 'none,cross-site', cookie: 'converge=s1' }, 403],
  ['another site with the token', { fetchSite: 'cross-site', target: `/?token=${token}` }, 403],
  ['a change', { method: 'POST', cookie: 'converge=s1' }, 405],
  ['a proxy request', { target: 'http://example.com/', cookie: 'converge=s1' }, 400],
])('%s is refused', (_, request, status) => {
  expect(admit(asked(request), guard)).toMatchObject({ refused: status });
});

test('a session, and the token of a program, are admitted; the token of a link becomes a session', () => {
  expect(admit(asked({ cookie: 'a=b; converge=s1' }), guard)).toMatchObject({ admitted: { pathname: '/' } });
  expect(
    admit(asked({ host: 'LOCALHOST:9470', fetchSite: 'same-origin', cookie: 'converge=s1' }), guard),
  ).toHaveProperty('admitted');
  expect(admit(asked({ fetchSite: undefined, authorization: `Bearer ${token}` }), guard)).toHaveProperty(
    'admitted',
  );
  expect(admit(asked({ target: `/vm?token=${token}&vm=a` }), guard)).toEqual({ exchange: '/vm?vm=a' });
  // Never to another machine, whatever the path looks like.
  expect(admit(asked({ target: `//evil.example.com/?token=${token}` }), guard)).toEqual({
    exchange: expect.stringMatching(/^\/(?!\/)/),
  });
});
