/** The manifests that are measured, and the same work written for the peers. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

export interface FileWorld {
  /** Holds `manifests/` and the files that they declare, in `files/`. */
  dir: string;
  count: number;
}

/** `count` files with content and mode, so many to a manifest; in a chain each requires the one before. */
export function fileWorld(dir: string, count: number, { perManifest = 1000, chain = false } = {}): FileWorld {
  mkdirSync(join(dir, 'manifests'), { recursive: true });
  mkdirSync(join(dir, 'files'), { recursive: true });
  const path = (i: number) => join(dir, 'files', `f${i}.conf`);
  for (let from = 0; from < count; from += perManifest) {
    const lines = numbers(Math.min(perManifest, count - from)).map(k => {
      const i = from + k;
      const after = chain && i > 0 ? `, require: ["file:${path(i - 1)}"]` : '';
      return `    ${path(i)}: { content: "line ${i}\\n", mode: "0644"${after} }\n`;
    });
    const name = `m${String(from / perManifest).padStart(4, '0')}.yaml`;
    writeFileSync(join(dir, 'manifests', name), `converge: 1\nresources:\n  file:\n${lines.join('')}`);
  }
  return { dir, count };
}

/** The same files for Puppet, in a manifest of its own; they are in `puppet-files/`. */
export function puppetManifest({ dir, count }: FileWorld): string {
  const manifest = join(dir, 'site.pp');
  mkdirSync(join(dir, 'puppet-files'), { recursive: true });
  const lines = numbers(count).map(i => {
    const path = join(dir, 'puppet-files', `f${i}.conf`);
    return `file { '${path}': ensure => file, content => "line ${i}\\n", mode => '0644', checksum => 'sha256' }\n`;
  });
  writeFileSync(manifest, lines.join(''));
  return manifest;
}

/** `count` resources of the type that OpenTofu has built in. */
export function tofuWorld(dir: string, count: number): string {
  mkdirSync(dir, { recursive: true });
  const lines = numbers(count).map(
    i => `resource "terraform_data" "f${i}" {\n  input = { content = "line ${i}\\n", mode = "0644" }\n}\n`,
  );
  writeFileSync(join(dir, 'main.tf'), lines.join(''));
  return dir;
}

/** A manifest with `count` mistakes, of a few kinds. */
export function mistakes(dir: string, count: number): FileWorld {
  mkdirSync(join(dir, 'manifests'), { recursive: true });
  const kinds = ['contnet: x', 'mode: "9999"', 'kind: pipe', 'require: ["file:/nowhere"]'];
  const lines = numbers(count).map(i => `    /srv/f${i}: { ${kinds[i % kinds.length]} }\n`);
  writeFileSync(join(dir, 'manifests', 'm.yaml'), `converge: 1\nresources:\n  file:\n${lines.join('')}`);
  return { dir, count };
}
