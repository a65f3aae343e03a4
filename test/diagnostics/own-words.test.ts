import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Redactor } from '../../src/engine/model/redact.ts';
import { fileFailure } from '../../src/io/errors.ts';
import { toolFailure } from '../../src/programs/run-tool.ts';

const source = join(import.meta.dirname, '../../src');

/** What a message has from elsewhere, by the names that it has in ours. */
const foreign =
  /[a-z]{2}[^`{}]*: \$\{(?:why|said|error\.message|message|messageOf\([^}]*\)|String\(error\)|reason|answer|problem|cause\.message)\}/;

/** Faces that only put together what is made elsewhere, and comments in adopted manifests. */
const elsewhere = /^(lab|cli|adopt|app\/adopt|engine\/render)\//;

test('a message that quotes what others said has its own words marked (E9)', async () => {
  const files = (await readdir(source, { recursive: true })).filter(file => file.endsWith('.ts'));
  const bare: string[] = [];
  for (const file of files) {
    if (elsewhere.test(file)) continue;
    const text = await readFile(join(source, file), 'utf8');
    for (const call of text.matchAll(
      /\b(?:given|world|blocked)\(\s*(?:'[\w-]+'|[^'`]{1,60}),\s*`(?:[^`\\]|\\.)*`/g,
    ))
      if (foreign.test(call[0].slice(call[0].indexOf('`')))) bare.push(`${file}: ${call[0]}`);
  }
  expect(bare).toEqual([]);
});

const without = (secret: string) => {
  const redactor = new Redactor();
  redactor.add(secret);
  return redactor;
};

test.each(['denied', 'access', 'administrator', 'failed'])('our words stay, theirs do not: %s', secret => {
  const tool = {
    name: 'sc',
    failed: 'access-denied',
    hint: 'run converge as an administrator',
    exits: { 5: { why: 'access is denied' } },
    words: ['stderr'],
  } as const;
  const clean = (result: { exitCode: number; stderr: string }) =>
    without(secret).value(toolFailure(tool, 'it', { stdout: '', timedOut: false, ...result }));
  expect(clean({ exitCode: 5, stderr: '' })).toMatchObject({
    message: 'it: access is denied',
    hint: 'run converge as an administrator',
  });
  expect(clean({ exitCode: 6, stderr: `the key ${secret}` }).message).toBe(
    'it: sc ended with exit code 6: the key ***',
  );
});

test('a path that a secret is in stays out of a message about it', () => {
  const error = Object.assign(new Error('x'), { code: 'EACCES' });
  const failure = fileFailure(error, 'write', '/srv/write/hunter22') as { message: string };
  expect(without('hunter22').text(failure.message)).not.toContain('hunter22');
});
