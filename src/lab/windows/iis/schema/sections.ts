import { applicationHost } from './application-host.ts';
import { content } from './content.ts';
import { extensions } from './extensions.ts';
import { type ElementSchema, readSchema, same } from './model.ts';
import { modules } from './modules.ts';
import { security } from './security.ts';

/** Every section that the stand-in knows, by its path. Whether a host has it says its `configSections`. */
export const SECTIONS: ReadonlyMap<string, ElementSchema> = readSchema(
  [applicationHost, content, modules, security, extensions].join('\n'),
);

/** A section by its path, of any case, or by its last name alone when only one section ends so. */
export function findSection(name: string, among: Iterable<string>): string | undefined {
  const known = [...among];
  const exact = known.find(path => same(path, name));
  if (exact !== undefined) return exact;
  const ending = known.filter(path => path.toLowerCase().endsWith(`/${name.toLowerCase()}`));
  return ending.length === 1 ? ending[0] : undefined;
}

export const POOLS = 'system.applicationHost/applicationPools';
export const SITES = 'system.applicationHost/sites';
