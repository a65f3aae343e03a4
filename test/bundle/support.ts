import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BundleParts, type BundlePlatform, beanstalkBundle } from '../../src/bundle/beanstalk.ts';
import type { BundleFile } from '../../src/bundle/bundle-file.ts';

const packaging = join(import.meta.dirname, '../../packaging');

/** The scripts that are shipped for a platform. */
export const template = (platform: BundlePlatform): BundleFile[] =>
  readdirSync(join(packaging, platform), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => {
      const path = join(entry.parentPath, entry.name);
      return { path: path.slice(join(packaging, platform).length + 1), bytes: readFileSync(path) };
    });

/** A bundle of the shipped scripts around small stand-ins for programs. */
export const bundled = (platform: BundlePlatform, change: Partial<BundleParts> = {}): BundleFile[] =>
  beanstalkBundle(platform, {
    template: template(platform),
    node: Buffer.from('#!/bin/sh\n'),
    program: Buffer.from('the program\n'),
    modules: [{ path: 'iis_website/module.yaml', bytes: Buffer.from('parameters: {}\n') }],
    trust: [{ path: '0123456789abcdef.pub', bytes: Buffer.from('a key\n') }],
    self: 's3://cust-data/web/',
    minutes: 5,
    onlyRollouts: false,
    ...change,
  });

export const textOf = (files: readonly BundleFile[], path: string): string => {
  const file = files.find(one => one.path === path);
  if (!file) throw new Error(`no ${path} among ${files.map(one => one.path).join(' ')}`);
  return Buffer.from(file.bytes).toString('utf8');
};
