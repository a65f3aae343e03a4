import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '../..');

/** A document that an editor checks by one of our schemas, and whether it has to take it. */
export interface EditorCase {
  name: string;
  schema: 'manifest' | 'module';
  document: unknown;
  fits: boolean;
}

const manifests: [fits: boolean, text: string][] = [
  [true, 'protected_vm: { dc02: { repository: s3://b/dr, schedule: every 15 minutes, timeout: 1h30m } }'],
  [true, 'protected_vm: { dc02: { repository: s3://b/dr, schedule: Every Day } }'],
  [true, 'protected_vm: { dc02: { repository: s3://b/dr, schedule: "${data.often}" } }'],
  [
    true,
    'file: { /srv: { kind: directory, window: { from: "22:30", to: "04:00", timezone: Europe/Dublin } } }',
  ],
  [true, 'bucket: { b: { versioning: true, lifecycle: { abort_incomplete_uploads: 7d } } }'],
  [true, 'iis_website: { Shop: { bindings: ["http://shop.example.com:80"], require: windows_feature:IIS } }'],
  [false, 'protected_vm: { dc02: { repository: s3://b/dr, schedule: fortnightly } }'],
  [false, 'protected_vm: { dc02: { repository: s3://b/dr, schedule: every now and then } }'],
  [false, 'protected_vm: { dc02: { repository: ftp://b/dr, schedule: every day } }'],
  [false, 'file: { /srv: { kind: directory, timeout: soon } }'],
  [false, 'file: { /srv: { kind: directory, retry: { attempts: 2, wait: 1 fortnight } } }'],
  [false, 'file: { /srv: { kind: directory, window: { from: 2am, to: "04:00" } } }'],
  [false, 'bucket: { b: { lifecycle: { abort_incomplete_uploads: P7D } } }'],
  [false, 'buket: { b: { versioning: true } }'],
  [false, 'bucket: { b: { versionning: true } }'],
  [false, 'iis_website: { Shop: { binding: ["http://shop.example.com:80"] } }'],
  [false, 'iis_website: { Shop: { bindings: [] } }'],
  [false, 'iis_website: { Shop: ~ }'],
];

/** All that is shipped, and what editors are there to refuse. */
export async function editorCases(): Promise<EditorCase[]> {
  const cases: EditorCase[] = manifests.map(([fits, text]) => ({
    name: text,
    schema: 'manifest',
    document: parse(`converge: 1\nresources: { ${text} }`),
    fits,
  }));
  for (const text of ['converge: 1\nresources: { buket: {} }', 'converge: 1\nresource: {}', 'converge: 2'])
    cases.push({ name: `module ${text}`, schema: 'module', document: parse(text), fits: false });
  for (const folder of ['manifests', 'modules'])
    for (const name of await readdir(join(root, folder), { recursive: true })) {
      if (!name.endsWith('.yaml') || name.includes('data/')) continue;
      const document = parse(await readFile(join(root, folder, name), 'utf8'));
      const schema = name.endsWith('module.yaml') ? 'module' : 'manifest';
      cases.push({ name: `${folder}/${name}`, schema, document, fits: true });
    }
  return cases;
}
