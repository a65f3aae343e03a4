import type { Capability } from './resource-type.ts';

/** What brings capabilities of a kind, for who reads that one is missing. */
const bringers: Readonly<Record<string, string>> = {
  app_pool: 'declare the `iis_app_pool`, or correct its name',
  certificate: 'declare the `certificate`, or correct its name',
  feature: 'declare the `windows_feature`',
  iis: 'declare a feature of IIS: `windows_feature: { IIS-WebServer: {} }`',
  path: 'declare what makes it, a `file` or an `archive` for instance, or correct the path',
  program: 'declare what brings it, a `package` or an `env_path` for instance, or give its path',
  service: 'correct its name, or say with `require:` what installs it',
  site: 'declare the `iis_site`, or correct its name',
};

/** The way out when nothing brings `capability`. */
export const hintFor = (capability: Capability): string =>
  bringers[capability.split(':', 1)[0]!] ?? 'declare what brings it, or correct its name';
