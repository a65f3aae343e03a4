/** Fails when the lockfile lacks one of the platform packages of the pinned Node: `npm ci` would fail there later. */
import { readFile } from 'node:fs/promises';

interface Lock {
  packages: Record<string, { version?: string; os?: string[]; cpu?: string[] }>;
}
const { optionalDependencies: pinned } = JSON.parse(await readFile('package.json', 'utf8')) as {
  optionalDependencies: Record<string, string>;
};
const lock = JSON.parse(await readFile('package-lock.json', 'utf8')) as Lock;
const wrong = Object.entries(pinned).filter(
  ([name, version]) => lock.packages[`node_modules/${name}`]?.version !== version,
);
if (wrong.length > 0) {
  console.error(`package-lock.json lacks ${wrong.map(([name, version]) => `${name}@${version}`).join(', ')}`);
  process.exit(1);
}
console.log(`lockfile holds Node for ${Object.keys(pinned).length} platforms`);
