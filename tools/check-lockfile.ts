/**
 * Fails when the lockfile lacks a platform's package, of the pinned Node or of any tool: `npm ci` would
 * then fail on that platform, or for everybody once npm notices.
 */
import { readFile } from 'node:fs/promises';

interface Entry {
  version?: string;
  optionalDependencies?: Record<string, string>;
}
const { packages } = JSON.parse(await readFile('package-lock.json', 'utf8')) as {
  packages: Record<string, Entry>;
};
const lacking = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
  Object.entries(optionalDependencies)
    .filter(([name]) => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`])
    .map(([name, version]) => `${name}@${version}`),
);
const nodes = Object.keys(packages['']?.optionalDependencies ?? {});
if (nodes.length === 0 || lacking.length > 0) {
  console.error(`package-lock.json lacks ${lacking.join(', ') || 'the pinned Node'}`);
  process.exit(1);
}
console.log(`lockfile whole: Node for ${nodes.length} platforms`);
