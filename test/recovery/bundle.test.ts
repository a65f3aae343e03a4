import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { Context } from '../../src/app/app-context.ts';
import { catalogOf, reached } from '../../src/app/recovery/open/bundled.ts';
import { type Diagnostic, Failure } from '../../src/diagnostics/diagnostic.ts';
import type { CatalogResource, Json } from '../../src/engine/model/catalog.ts';
import { memoryFiles } from '../../src/io/memory-files.ts';
import { compile } from '../../src/manifest/compile.ts';
import { type Bundle, decodeBundle, encodeBundle } from '../../src/recovery/bundle/bundle.ts';
import { compileBundle } from '../../src/recovery/bundle/compile-bundle.ts';
import { bundles } from '../../src/recovery/bundle/declared-bundles.ts';
import { schema } from '../../src/resources/aws/recovery-target-schema.ts';
import { registry } from '../../src/resources/registry.ts';

const vm = { name: 'web01', uuid: '5029-uuid' };
const secret = (name: string) => `\${secret('${name}')}`;

/** The catalog of one manifest. */
async function home(value: Json, env: Record<string, string> = {}) {
  const files = memoryFiles(
    '/home',
    new Map([
      ['dr.yaml', Buffer.from(stringify(value, { defaultStringType: 'QUOTE_SINGLE', lineWidth: 0 }))],
    ]),
  );
  const options = { registry, files, cwd: '/home', platform: 'linux', env } as const;
  const { catalog, diagnostics } = await compile(['/home/dr.yaml'], options);
  expect(diagnostics).toEqual([]);
  return catalog;
}

/** What the program makes of a bundle, and what it says to that. */
async function bare(bundle: Bundle) {
  const said: Diagnostic[] = [];
  const context = {
    registry,
    io: { host: { cwd: '/', platform: 'linux' } },
    reporter: { diagnostics: (some: Diagnostic[]) => said.push(...some) },
  } as unknown as Context;
  return { catalog: await catalogOf(context, bundle), said };
}

const target = (more: { [key: string]: Json } = {}) => ({
  repository: 's3://dr/vms',
  instance_type: 'm6i.large',
  subnet: 'subnet-0',
  security_groups: ['sg-0'],
  ...more,
});
const plan = (targets: string[], more: { [key: string]: Json } = {}) => ({
  repository: 's3://dr/vms',
  groups: [{ targets }],
  test: { subnet: 'subnet-1', security_group: 'sg-1', teardown: 'none' },
  ...more,
});
const manifest = (resources: Json, targets: Json = { dr: { type: 'aws', region: 'eu-west-1' } }): Json => ({
  converge: 1,
  targets,
  resources,
});

/** Text that a manifest may hold, with what means something to YAML, JSON or expressions. */
const text = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
    fc.constantFrom('${x}', '$${', "it's", 'a: b', '- c', '"', 'null', '1', '{', '# d', '\u00a0', '0x1'),
  )
  .filter(one => /\S/.test(one) && !/[\p{Cc}\u2028\u2029\ufeff]/u.test(one) && one.isWellFormed());
const written = (value: string) => value.replaceAll('${', () => '$${');

/** A bundle says the target also where home had only one, and so nobody wrote it. */
const withoutTargetPlace = (one: CatalogResource): CatalogResource => ({
  ...one,
  places: new Map([...one.places].filter(([pointer]) => pointer !== '/target')),
});

test('what the program reads of a bundle is what home declared, with the places', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        tags: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), text, { maxKeys: 3 }),
        key: fc.option(text, { nil: undefined }),
        console: fc.option(text, { nil: undefined }),
        wait: fc.option(fc.constantFrom('2m', '30s'), { nil: undefined }),
        named: fc.boolean(),
      }),
      async ({ tags, key, console, wait, named }) => {
        const more = {
          tags: Object.fromEntries(Object.entries(tags).map(([name, one]) => [name, written(one)])),
          ...(key !== undefined && { key_pair: written(key) }),
          ...(named && { target: 'dr' }),
        };
        const catalog = await home(
          manifest({
            recovery_target: { web01: target(more), db01: target(), other: target() },
            recovery_plan: {
              web: plan(['WEB01'], {
                groups: [{ targets: ['web01'] }, { targets: ['db01'], ...(wait && { wait }) }],
                ...(console !== undefined && { probes: [{ probe: 'console', text: written(console) }] }),
              }),
              elsewhere: plan(['other']),
            },
          }),
        );
        const bytes = encodeBundle(compileBundle(catalog, vm)!);
        const read = await bare(decodeBundle(bytes, 'web01'));
        expect(read.said).toEqual([]);
        const wanted = catalog.resources.filter(({ title }) => ['web', 'web01', 'db01'].includes(title));
        const byAddress = (a: { address: string }, b: { address: string }) =>
          a.address < b.address ? -1 : 1;
        const sorted = (some: CatalogResource[]) => some.map(withoutTargetPlace).toSorted(byAddress);
        expect(sorted(read.catalog!.resources)).toEqual(sorted(wanted));
        expect(read.catalog!.targets).toEqual(catalog.targets);
      },
    ),
    { numRuns: 60 },
  );
});

test('every property of a target is in it, and the repository that it takes from the VM, which is not', async () => {
  const { repository, ...others } = target({
    private_address: '10.0.1.20',
    admin_cidrs: ['203.0.113.0/24'],
    key_pair: 'admin',
    instance_profile: 'recovered',
    license: 'byol',
    shell: 'own',
    tenancy: 'host',
    host_resource_group: 'arn:aws:resource-groups:eu-west-1:111122223333:group/windows',
    method: 'auto',
    fallback: { instance_types: ['m6a.large'] },
    tags: { team: 'web' },
    replica: { every: '1h', keep: 3, writer: 'home' },
    role: 'domain_controller',
    import: { images: 's3://dr-images/in', role: 'vmimport' },
    snapshots: { every: '1d', keep: 7 },
  });
  const { instance_type: _, ...chosen } = others;
  const sealed = { url: String(repository), key: secret('env:KEY') };
  const catalog = await home(
    manifest(
      {
        protected_vm: { web01: { repository: sealed, schedule: 'every 15 minutes' } },
        recovery_target: { web01: others, db01: { ...chosen, families: ['r6i'], repository: sealed } },
        recovery_plan: { web: plan(['web01', 'db01'], { repository: sealed }) },
      },
      {
        dr: { type: 'aws', region: 'eu-west-1' },
        vc: { type: 'vsphere', url: 'https://vc.example.com', username: 'svc', password: secret('env:VC') },
      },
    ),
  );
  const said = Object.keys(schema.properties);
  const inHome = catalog.resources.filter(({ type }) => type === 'recovery_target');
  expect(new Set(inHome.flatMap(({ properties }) => Object.keys(properties)))).toEqual(new Set(said));
  const read = await bare(decodeBundle(encodeBundle(compileBundle(catalog, vm)!), 'web01'));
  expect(read.said).toEqual([]);
  expect(read.catalog!.resources.map(({ type }) => type)).not.toContain('protected_vm');
  for (const { title, properties } of inHome) {
    const found = read.catalog!.resources.find(one => one.type === 'recovery_target' && one.title === title);
    expect(found!.properties).toEqual(properties);
    expect(found!.properties.repository).toEqual({ url: 's3://dr/vms', key: { $secret: 'env:KEY' } });
  }
});

test('no value of a secret is in it; each is listed with where it is, who names it, and whether it is needed', async () => {
  const values = { DR_SECRET: 'aws-Zecret-1', VC: 'vc-Zecret-2', KEY: 'key-Zecret-3' };
  const repository = { url: 's3://dr/vms', target: 'store', key: secret('env:KEY') };
  const catalog = await home(
    manifest(
      {
        protected_vm: { web01: { repository, schedule: 'every 15 minutes' } },
        recovery_target: { web01: target({ repository, target: 'dr' }) },
        recovery_plan: { web: plan(['web01'], { repository, target: 'dr' }) },
      },
      {
        dr: {
          type: 'aws',
          region: 'eu-west-1',
          access_key_id: 'AKIA',
          secret_access_key: secret('env:DR_SECRET'),
        },
        store: {
          type: 'aws',
          region: 'eu-west-1',
          access_key_id: 'AKIB',
          secret_access_key: secret('file:/etc/converge/aws'),
        },
        unused: {
          type: 'aws',
          region: 'eu-west-1',
          access_key_id: 'AKIC',
          secret_access_key: secret('ssm:/x'),
        },
        vc: { type: 'vsphere', url: 'https://vc.example.com', username: 'svc', password: secret('env:VC') },
      },
    ),
    values,
  );
  const bundle = compileBundle(catalog, vm)!;
  expect(bundle.targets.map(({ name }) => name)).toEqual(['dr', 'store']);
  expect(
    bundle.references.map(({ secret: name, where, needed, by }) => [
      name,
      where,
      needed,
      by.map(b => b.what),
    ]),
  ).toEqual([
    ['env:DR_SECRET', 'environment', true, ['target dr']],
    ['env:KEY', 'environment', false, ['recovery_plan:web', 'recovery_target:web01']],
    ['env:VC', 'environment', false, ['target vc']],
    ['file:/etc/converge/aws', 'home', true, ['target store']],
  ]);
  expect(bundle.references[0]!.by[0]!.at).toMatchObject({ file: 'dr.yaml', column: 3 });
  const bytes = encodeBundle(bundle).toString();
  for (const value of Object.values(values)) expect(bytes).not.toContain(value);
});

test('what says nothing of the machine is no bundle, and what is not known leaves what was there', async () => {
  const catalog = await home(
    manifest({
      recovery_target: { db01: target(), web01: { ensure: 'absent', ...target() } },
      recovery_plan: { db: plan(['db01']) },
    }),
  );
  expect(bundles(catalog).of(vm)).toBe('none');
  expect(bundles(undefined).of(vm)).toBe('as-before');
  const own = bundles(catalog).of({ name: 'x', uuid: 'DB01' }) as Buffer;
  expect(decodeBundle(own, 'x').resources.map(({ title }) => title)).toEqual(['db', 'db01']);
});

test('a mistake in a bundle names the place at home', async () => {
  const bundle = compileBundle(
    await home(manifest({ recovery_target: { web01: target() }, recovery_plan: { web: plan(['web01']) } })),
    vm,
  )!;
  const test1 = bundle.resources[0]!.properties.test as { [key: string]: Json };
  test1.subnet = '../../etc';
  bundle.resources[1]!.properties.surprise = true;
  const { catalog, said } = await bare(bundle);
  expect(catalog).toBeUndefined();
  const places = bundle.resources[0]!.places;
  expect(said.map(({ code, at }) => [code, at])).toEqual(
    expect.arrayContaining([
      ['wrong-value', places['/test/subnet']],
      ['unknown-property', bundle.resources[1]!.at],
    ]),
  );
});

test('of a bundle that anybody could have written, only the region of a target is believed', () => {
  const properties = {
    region: 'eu-west-1',
    endpoint: 'https://elsewhere.example.com',
    access_key_id: 'AKIA',
    secret_access_key: { $secret: 'env:HOME' },
  };
  const targets = [{ name: 'dr', type: 'aws', properties, at: { file: 'dr.yaml', line: 1, column: 1 } }];
  const says = (encrypted: boolean, more = {}) =>
    reached(targets, encrypted, more).map(({ properties: of }) => of);
  expect(says(false)).toEqual([{ region: 'eu-west-1' }]);
  expect(says(true)).toEqual([properties]);
  // A region on the command line is that of the bucket; a profile takes the place of keys.
  const { region, endpoint } = properties;
  expect(says(true, { region: 'us-east-1', profile: 'mine' })).toEqual([
    { region, endpoint, profile: 'mine' },
  ]);
  expect(reached([], true, { region: 'us-east-1' })).toMatchObject([{ properties: { region: 'us-east-1' } }]);
});

const whole: Bundle = { bundle: 1, vm, targets: [], resources: [], references: [] };
const at = { file: 'dr.yaml', line: 1, column: 1 };
const resource = { type: 'recovery_plan', title: 'web', properties: {}, at, places: {} };

test.for<[string, string | Buffer, RegExp]>([
  ['no JSON', Buffer.from([0xff, 0x7b]), /isn't JSON/],
  ['null', 'null', /is not what it should be/],
  ['a newer one', JSON.stringify({ ...whole, bundle: 2 }), /version 2, and this converge reads version 1/],
  ['resources that are no list', JSON.stringify({ ...whole, resources: {} }), /\/resources is not/],
  [
    'a place before the first line',
    JSON.stringify({ ...whole, resources: [{ ...resource, at: { ...at, line: 0 } }] }),
    /\/resources\/0\/at\/line is not/,
  ],
  [
    'a place of a value that is none',
    JSON.stringify({ ...whole, resources: [{ ...resource, places: { '/x': 1 } }] }),
    /\/resources\/0\/places\/\/x is not/,
  ],
])('%s is no bundle', ([, content, why]) => {
  const read = () => decodeBundle(Buffer.from(content), 'web01');
  expect(read).toThrow(Failure);
  expect(read).toThrow(why);
});

test.for<[string, Partial<Bundle>, string]>([
  ['a type that there is not', { resources: [{ ...resource, type: 'nonsense' }] }, 'unknown-type'],
  [
    'a target of a kind that there is not',
    { targets: [{ name: 'x', type: 'y', properties: {}, at }] },
    'unknown-target-type',
  ],
  [
    'a secret where none may be',
    { targets: [{ name: 'x', type: 'aws', properties: { region: { $secret: 'env:HOME' } }, at }] },
    'secret-not-allowed',
  ],
  ['two of one name', { resources: [resource, resource] }, 'duplicate-key'],
])('%s is a mistake, as in a manifest', async ([, part, code]) => {
  const { catalog, said } = await bare({ ...whole, ...part });
  expect(catalog).toBeUndefined();
  expect(said.map(one => one.code)).toContain(code);
});
