import { expect, it } from 'vitest';
import { createCookieJar } from '../../src/vsphere/http/cookies.ts';
import type { HttpClient, HttpRequest } from '../../src/vsphere/http/http.ts';
import { createAutomation } from '../../src/vsphere/inventory/automation.ts';
import { listTags, taggedVms } from '../../src/vsphere/inventory/tags.ts';
import { failureOf, quickClock } from './scripted-server.ts';

type Reply = { status: number; body?: unknown };
type Script = Record<string, (request: HttpRequest, nth: number) => Reply>;

/** Answers by method and path; everything else is 404, as on a server that has no such API. */
function connected(script: Script) {
  const asked: HttpRequest[] = [];
  const http: HttpClient = {
    where: 'vc.example.com:443',
    cookies: createCookieJar(),
    close: () => {},
    send: async request => {
      const name = `${request.method} ${request.path}`;
      const nth = asked.filter(one => `${one.method} ${one.path}` === name).length;
      asked.push(request);
      const { status, body } = script[name]?.(request, nth) ?? { status: 404 };
      const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body ?? ''));
      const fill = async (target: Buffer) => bytes.copy(target);
      return { status, headers: {}, body: async () => bytes, fill, discard: () => {} };
    },
  };
  const clock = quickClock();
  const made: string[] = [];
  const login = { username: 'svc@vsphere.local', password: async () => 'p:ä' };
  const automation = createAutomation(http, login, clock, event => made.push(event));
  return { automation, asked, made };
}

const ok = (body: unknown) => () => ({ status: 200, body });
const gold = { id: 'urn:t:1', name: 'gold', category_id: 'urn:c:1', description: '', used_by: [] };
const api: Script = {
  'POST /api/session': () => ({ status: 201, body: '"token-1"' }),
  'GET /api/cis/tagging/tag': ok(['urn:t:1', 'urn:t:2']),
  'GET /api/cis/tagging/tag/urn%3At%3A1': ok(gold),
  'GET /api/cis/tagging/tag/urn%3At%3A2': ok({ ...gold, id: 'urn:t:2', name: 'dr' }),
  'GET /api/cis/tagging/category/urn%3Ac%3A1': ok({ id: 'urn:c:1', name: 'tier' }),
  'POST /api/cis/tagging/tag-association?action=list-attached-objects-on-tags': ok([
    {
      tag_id: 'urn:t:1',
      object_ids: [
        { type: 'VirtualMachine', id: 'vm-1' },
        { type: 'Folder', id: 'group-v2' },
      ],
    },
  ]),
  'DELETE /api/session': () => ({ status: 204 }),
};
const tags = [
  { id: 'urn:t:2', name: 'dr', category: 'tier' },
  { id: 'urn:t:1', name: 'gold', category: 'tier' },
];

it('lists tags by their category and the VMs that have one, and logs out', async () => {
  const { automation, asked, made } = connected(api);
  expect(await listTags(automation)).toEqual(tags);
  expect(await taggedVms(automation, tags)).toEqual(new Set(['vm-1']));
  expect(JSON.parse(asked.at(-1)!.body!)).toEqual({ tag_ids: ['urn:t:2', 'urn:t:1'] });
  await automation.close();
  const basic = `Basic ${Buffer.from('svc@vsphere.local:p:ä').toString('base64')}`;
  expect(asked[0]!.headers).toEqual({ authorization: basic });
  expect(asked.slice(1).map(({ headers }) => headers?.['vmware-api-session-id'])).toEqual(
    Array(6).fill('token-1'),
  );
  expect(asked.at(-1)!.method).toBe('DELETE');
  expect(made).toEqual(Array(6).fill('made'));
});

it('asks an older server below /rest, where each answer is inside `value`', async () => {
  const value = (body: unknown) => ok({ value: body });
  const { automation } = connected({
    'POST /rest/com/vmware/cis/session': value('old'),
    'GET /rest/com/vmware/cis/tagging/tag': value(['urn:t:1']),
    'GET /rest/com/vmware/cis/tagging/tag/id:urn%3At%3A1': value(gold),
    'GET /rest/com/vmware/cis/tagging/category/id:urn%3Ac%3A1': value({ id: 'urn:c:1', name: 'tier' }),
    'POST /rest/com/vmware/cis/tagging/tag-association?~action=list-attached-objects-on-tags': value([
      { tag_id: 'urn:t:1', object_ids: [{ type: 'VirtualMachine', id: 'vm-7' }] },
    ]),
  });
  const [tag] = await listTags(automation);
  expect(tag).toEqual(tags[1]);
  expect(await taggedVms(automation, [tag!])).toEqual(new Set(['vm-7']));
});

it('logs in again once when its session has ended', async () => {
  const { automation, asked } = connected({
    ...api,
    'POST /api/session': (_, nth) => ({ status: 201, body: `"token-${nth + 1}"` }),
    'GET /api/cis/tagging/tag': ({ headers }) =>
      headers?.['vmware-api-session-id'] === 'token-2' ? { status: 200, body: [] } : { status: 401 },
  });
  expect(await listTags(automation)).toEqual([]);
  expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /api/session',
    'GET /api/cis/tagging/tag',
    'POST /api/session',
    'GET /api/cis/tagging/tag',
  ]);
});

it('waits for a server that is starting', async () => {
  const list = (_: HttpRequest, nth: number) => (nth < 2 ? { status: 503 } : { status: 200, body: [] });
  const { automation, made } = connected({ ...api, 'GET /api/cis/tagging/tag': list });
  expect(await listTags(automation)).toEqual([]);
  expect(made.filter(event => event === 'retried')).toHaveLength(2);
});

it.each<[string, Script, string, RegExp]>([
  ['no Automation API', {}, 'vsphere-no-tags', /ESXi host select by folder or name/],
  ['a refused login', { 'POST /api/session': () => ({ status: 401 }) }, 'vsphere-tags-refused', /may log in/],
  [
    'no right',
    { ...api, 'GET /api/cis/tagging/tag': () => ({ status: 403 }) },
    'vsphere-tags-refused',
    /Read-only/,
  ],
  ['a web page', { ...api, 'GET /api/cis/tagging/tag': ok('<html>') }, 'vsphere-malformed-answer', /proxy/],
  [
    'another shape',
    { ...api, 'GET /api/cis/tagging/tag': ok({ tags: [] }) },
    'vsphere-malformed-answer',
    /proxy/,
  ],
  ['a login without token', { 'POST /api/session': ok({}) }, 'vsphere-malformed-answer', /proxy/],
])('%s is said', async (_, script, code, hint) => {
  const { automation } = connected(script);
  const failure = await failureOf(listTags(automation));
  expect(failure.diagnostics).toMatchObject([{ code, category: 'world', hint: expect.stringMatching(hint) }]);
  expect(failure.message).not.toContain('p:ä');
});
