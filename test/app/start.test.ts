import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeContext } from '../../src/app/app-context.ts';
import type { Reporter } from '../../src/app/reporter.ts';
import { type Ask, initManifests } from '../../src/app/start/init-manifests.ts';
import { namesToComplete } from '../../src/app/start/names-to-complete.ts';
import { schemaOf, typeDeclarations } from '../../src/app/start/schema-of.ts';
import type { Diagnostic } from '../../src/diagnostics/diagnostic.ts';
import { nodeHost } from '../../src/io/node.ts';
import { scratch } from '../support/cli.ts';

/** Whoever begins without a terminal: what was told, as data. */
async function face(env: Record<string, string> = {}) {
  const told: Diagnostic[] = [];
  const reporter = { diagnostics: (found: readonly Diagnostic[]) => void told.push(...found) };
  const cwd = await scratch();
  const io = { host: { ...nodeHost(), cwd, env }, interrupt: new AbortController().signal };
  return { told, cwd, context: makeContext(io, () => reporter as unknown as Reporter) };
}

test('a first manifest is written from answers to questions that are data', async () => {
  const { told, cwd, context } = await face({ AWS_REGION: 'eu-central-1' });
  const asked: unknown[] = [];
  const answers = ['dc02, sql01', 'not a url', 'https://vc.example.com', 'example-dr', ''];
  const ask: Ask = async (question, fallback) => {
    asked.push(fallback === undefined ? question : [question, fallback]);
    return answers.shift();
  };
  const done = await initManifests(context, cwd, {}, ask);
  expect(asked).toEqual(['vm', 'vcenter', 'vcenter', 'bucket', ['region', 'eu-central-1']]);
  expect(told).toHaveLength(1);
  expect(done.answers).toMatchObject({
    vms: ['dc02', 'sql01'],
    bucket: 'example-dr',
    region: 'eu-central-1',
  });
  expect(done.written).toEqual(['manifests/dr.yaml', 'schemas/manifest.schema.json', '.gitignore']);
  expect(await readFile(join(cwd, 'manifests/dr.yaml'), 'utf8')).toContain('sql01:');
  expect(await namesToComplete(context).addresses([])).toContain('protected_vm:sql01');
});

test('where nobody answers, what is missing is named by its options, all at once', async () => {
  const { cwd, context } = await face();
  await expect(initManifests(context, cwd, { vm: ['a'] }, undefined)).rejects.toMatchObject({
    diagnostics: [{ code: 'not-answered', message: '--vcenter, --bucket, --region are needed' }],
  });
  const ended: Ask = async () => undefined;
  await expect(initManifests(context, cwd, {}, ended)).rejects.toMatchObject({
    diagnostics: [{ code: 'not-answered', message: '--vm, --vcenter, --bucket, --region are needed' }],
  });
});

test('schemas are data: of manifests, and of one type', async () => {
  const { context } = await face();
  const whole = await schemaOf(context, undefined);
  expect(whole).toHaveProperty('properties.resources');
  expect(JSON.stringify(await schemaOf(context, 'bucket')).length).toBeLessThan(JSON.stringify(whole).length);
  await expect(schemaOf(context, 'buckett')).rejects.toMatchObject({
    diagnostics: [{ code: 'unknown-type', hint: expect.stringContaining('bucket') }],
  });
  expect(await typeDeclarations()).toContain('export');
});
