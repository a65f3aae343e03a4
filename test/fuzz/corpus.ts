/** What mutations start from: the manifests that come with converge, and one of everything else. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Names below the working directory to contents. */
export type Project = Record<string, string>;

/** Stands where secrets stand; must never be seen in what is said. */
export const planted = 'pl4nted-s3cret';

const shipped = (name: string): string => readFileSync(join(import.meta.dirname, '../..', name), 'utf8');

const everything = `converge: 1
requires: { converge: ">=0.1" }
targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: svc, password: "\${secret('env:VC')}" }
  dr: { type: aws, region: "\${data.region}" }
policy: { max_changes: 100, max_deletes: 2 }
params:
  size: 3
  names: [a, b]
  doubled: "\${params.size * 2}"
data:
  region: eu-west-1
  sites: { one: { path: /srv/one }, two: { path: /srv/two } }
resources:
  file:
    "\${each.value.path}/\${each.key}":
      for_each: "\${data.sites}"
      content: "\${string(params.doubled)} of \${each.key}"
      mode: "0644"
      window: { days: [mon, fri], from: "22:00", to: "04:00" }
    /etc/app.conf:
      content: "\${secret('env:APP_PASSWORD')}"
      when: facts.os == 'linux' && params.names.exists(name, name.matches('^a+$'))
      require: ["file:/srv/one/one", "exec:build"]
      labels: [app]
      protect: true
    /srv: &folder { kind: directory, noop: true }
    /opt: *folder
    /etc/old: { ensure: absent, before: ["file:/etc/app.conf"] }
  exec:
    build:
      command: [make, "\${params.names[0]}"]
      env: { TOKEN: ${planted}, LEVEL: "2" }
      refresh_only: true
      subscribe: ["file:/srv"]
      timeout: 10m
      retry: { attempts: 3, wait: 10s }
  protected_vm:
    many:
      select: { folder: Production, tag: [gold, "tier/gold"], exclude: { name: "*-test" } }
      repository: s3://points/dr
      schedule: every hour
  site:
    here: { folder: /var/www, password: "\${secret('env:SITE')}" }
`;

const siteModule = `converge: 1
description: A folder and what is in it.
parameters:
  folder: { type: string, pattern: "^/", description: Where. }
  password: { type: string, x-secret: true }
  depth: { type: integer, minimum: 0, default: 2 }
  extra: { type: array, items: { type: integer }, default: [7, 8] }
resources:
  file:
    "\${params.folder}": { kind: directory }
    "\${params.folder}/key": { content: "\${params.password}", mode: "0600" }
  inner:
    "more-\${each.key}": { for_each: "\${params.extra}", n: "\${each.value}" }
    deep: { for_each: "\${[params.depth]}", n: "\${each.value}" }
`;

const innerModule = `converge: 1
parameters:
  n: { type: integer, default: 1 }
resources:
  exec:
    "echo \${params.n}": { command: [echo, "\${string(params.n)}"], refresh_only: true }
`;

const withModules: Project = {
  'm.yaml': everything,
  'data/common.yaml': `region: eu-central-1\nsites: { three: { path: "/srv/three" } }\nkeys: { api_key: "${planted}" }\n`,
  'modules/site/module.yaml': siteModule,
  'modules/inner/module.yaml': innerModule,
};

export const corpus: Project[] = [
  { 'm.yaml': shipped('manifests/lab/dr.yaml') },
  {
    'm.yaml': shipped('manifests/pilot-light/dr.yaml'),
    'data/common.yaml': shipped('manifests/pilot-light/data/common.yaml'),
    'modules/pilot_light/module.yaml': shipped('modules/pilot_light/module.yaml'),
  },
  withModules,
  // The mistake that must not be said back: a secret written where a reference belongs.
  { ...withModules, 'm.yaml': everything.replace(/"\$\{secret\('env:VC'\)\}"/, planted) },
];
