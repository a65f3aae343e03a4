/** Writes schemas/, which editors use. Committed; a test fails when they are stale. */
import { mkdir, writeFile } from 'node:fs/promises';
import { manifestSchema, moduleSchema } from '../src/manifest/schema.ts';
import { registry } from '../src/resources/registry.ts';

const schemas = new URL('../schemas/', import.meta.url);
await mkdir(schemas, { recursive: true });
for (const [name, make] of Object.entries({ manifest: manifestSchema, module: moduleSchema }))
  await writeFile(new URL(`${name}.schema.json`, schemas), `${JSON.stringify(make(registry), null, 2)}\n`);
