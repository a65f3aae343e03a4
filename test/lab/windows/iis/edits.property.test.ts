import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseXml, printXml } from '../../../../src/lab/windows/iis/text/xml.ts';
import { type Host, hostFile, iisHost, lines, run } from './fixture.ts';

/** What a host should hold: by lower-case name, in the order of adding. */
interface Model {
  pools: Map<string, { name: string; queue: string }>;
  sites: Map<string, { name: string; id: number; bindings: string[]; apps: Map<string, string> }>;
  rows: Map<string, string>;
}

type Edit =
  | { do: 'add-pool' | 'delete-pool' | 'add-site' | 'delete-site'; name: string }
  | { do: 'queue'; name: string; to: number }
  | { do: 'bind' | 'unbind'; name: string; port: number }
  | { do: 'add-app' | 'delete-app'; name: string; path: string }
  | { do: 'allow' | 'forget'; ip: string; allowed: boolean };

const pool = fc.constantFrom('p', 'P', 'with space', "q's", 'größe');
const site = fc.constantFrom('s', 'S', 'a & b', '<t>', 'say "x"');
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ do: fc.constantFrom('add-pool' as const, 'delete-pool' as const), name: pool }),
  fc.record({ do: fc.constantFrom('add-site' as const, 'delete-site' as const), name: site }),
  fc.record({ do: fc.constant('queue' as const), name: pool, to: fc.integer({ min: 10, max: 65535 }) }),
  fc.record({
    do: fc.constantFrom('bind' as const, 'unbind' as const),
    name: site,
    port: fc.integer({ min: 80, max: 83 }),
  }),
  fc.record({
    do: fc.constantFrom('add-app' as const, 'delete-app' as const),
    name: site,
    path: fc.constantFrom('/', '/a', '/A', '/a/b', '/x & y'),
  }),
  fc.record({
    do: fc.constantFrom('allow' as const, 'forget' as const),
    ip: fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3'),
    allowed: fc.boolean(),
  }),
);

const SECURITY = ['set', 'config', '/section:ipSecurity'];
const binding = (port: number) => `bindings.[protocol='http',bindingInformation='*:${port}:']`;

/** The command for an edit. */
function command(one: Edit): string[] {
  switch (one.do) {
    case 'add-pool':
      return ['add', 'apppool', `/name:${one.name}`];
    case 'delete-pool':
      return ['delete', 'apppool', one.name];
    case 'add-site':
      return ['add', 'site', `/name:${one.name}`];
    case 'delete-site':
      return ['delete', 'site', one.name];
    case 'queue':
      return ['set', 'apppool', one.name, `/queueLength:${one.to}`];
    case 'bind':
    case 'unbind':
      return ['set', 'site', one.name, `/${one.do === 'bind' ? '+' : '-'}${binding(one.port)}`];
    case 'add-app':
      return ['add', 'app', `/site.name:${one.name}`, `/path:${one.path}`];
    case 'delete-app':
      return ['delete', 'app', `${one.name}${one.path}`];
    case 'allow':
      return [...SECURITY, `/+[ipAddress='${one.ip}',allowed='${one.allowed}']`];
    case 'forget':
      return [...SECURITY, `/-[ipAddress='${one.ip}']`];
  }
}

/** Does the edit in the model, and gives the exit code that appcmd should end with. */
function simulate(model: Model, one: Edit): number {
  const put = <V>(map: Map<string, V>, key: string, value: V): number => {
    if (map.has(key)) return 183;
    map.set(key, value);
    return 0;
  };
  if ('ip' in one) {
    if (one.do === 'allow') return put(model.rows, one.ip, String(one.allowed));
    return model.rows.delete(one.ip) ? 0 : 4312;
  }
  const key = one.name.toLowerCase();
  if (one.do === 'add-pool') return put(model.pools, key, { name: one.name, queue: '1000' });
  if (one.do === 'delete-pool') return model.pools.delete(key) ? 0 : 1168;
  if (one.do === 'queue') {
    const found = model.pools.get(key);
    if (found) found.queue = String(one.to);
    return found ? 0 : 1168;
  }
  if (one.do === 'delete-site') return model.sites.delete(key) ? 0 : 1168;
  if (one.do === 'add-site') {
    const id = Math.max(...[...model.sites.values()].map(each => each.id), 0) + 1;
    return put(model.sites, key, { name: one.name, id, bindings: [], apps: new Map() });
  }
  const found = model.sites.get(key);
  if (!found) return 1168;
  if (one.do === 'add-app') return put(found.apps, one.path.toLowerCase(), one.path);
  if (one.do === 'delete-app') return found.apps.delete(one.path.toLowerCase()) ? 0 : 1168;
  if (!('port' in one)) throw new Error(one.do);
  const text = `http/*:${one.port}:`;
  const at = found.bindings.indexOf(text);
  if (one.do === 'bind') {
    if (at >= 0) return 183;
    found.bindings.push(text);
    return 0;
  }
  if (at < 0) return 4312;
  found.bindings.splice(at, 1);
  return 0;
}

async function compare(host: Host, model: Model): Promise<void> {
  const pools = [...model.pools.values()];
  expect(await lines(host, 'list', 'apppool', '/text:name')).toEqual(pools.map(each => each.name));
  expect(await lines(host, 'list', 'apppool', '/text:queueLength')).toEqual(pools.map(each => each.queue));
  const sites = [...model.sites.values()];
  const shown = (await lines(host, 'list', 'site')).map(line => line.replace(/,state:\w+/, ''));
  expect(shown).toEqual(
    sites.map(each => `SITE "${each.name}" (id:${each.id},bindings:${each.bindings.join(',')})`),
  );
  expect((await lines(host, 'list', 'app')).map(line => line.replace(/ \(.*/, ''))).toEqual(
    sites.flatMap(each => [...each.apps.values()].map(path => `APP "${each.name}${path}"`)),
  );
  const listed = (await lines(host, 'list', 'config', '/section:ipSecurity')).join();
  expect([...listed.matchAll(/ipAddress="([^"]*)" allowed="([^"]*)"/g)].map(found => found.slice(1))).toEqual(
    [...model.rows],
  );
}

test('any edits keep the file well-formed and every list equal to a simple model', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 25 }), async edits => {
      const host = await iisHost('en', ['IIS-IPSecurity']);
      await lines(host, 'delete', 'site', 'Default Web Site');
      await lines(host, 'delete', 'apppool', 'DefaultAppPool');
      const bare = await hostFile(host);
      const model: Model = { pools: new Map(), sites: new Map(), rows: new Map() };
      for (const one of edits) {
        const { exitCode } = await run(host, command(one));
        expect({ one, exitCode }).toEqual({ one, exitCode: simulate(model, one) });
        const text = await hostFile(host);
        expect(printXml(parseXml(text))).toBe(text);
      }
      await compare(host, model);
      for (const { name } of model.pools.values()) await lines(host, 'delete', 'apppool', name);
      for (const { name } of model.sites.values()) await lines(host, 'delete', 'site', name);
      for (const ip of model.rows.keys())
        await lines(host, 'set', 'config', '/section:ipSecurity', `/-[ipAddress='${ip}']`);
      expect(await hostFile(host)).toBe(bare);
    }),
    { numRuns: 40 },
  );
});
