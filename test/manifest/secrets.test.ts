import { describe, expect, it } from 'vitest';
import { textOf } from '../../src/diagnostics/lines.ts';
import { renderDiagnostics } from '../../src/diagnostics/render.ts';
import { readExpression } from '../../src/manifest/syntax/expression.ts';
import { compileText, readNote } from './fixture.ts';

const rendered = async (text: string) => {
  const { catalog, diagnostics } = await compileText(text);
  return { diagnostics, text: textOf(renderDiagnostics(diagnostics, catalog.sources, { width: 100 })) };
};

it.each(['X-Api-Key', 'DB_PASSWORD'])('the value of a row named %s is not shown', async name => {
  const { text } =
    await rendered(`resources: { nosuch: { t: { rows: [{ name: ${name}, value: "plainheader1" }] } } }
`);
  expect(text).toContain(name);
  expect(text).not.toContain('plainheader1');
});

describe('expressions', () => {
  it.each(["${secret('env:VC_PASSWORD')}", '${ secret( "env:VC_PASSWORD" ) }'])(
    '%s is a reference',
    async text => {
      const { properties, diagnostics } = await readNote(`key: '${text.replaceAll("'", "''")}'`);
      expect(diagnostics).toEqual([]);
      expect(properties).toEqual({ key: { $secret: 'env:VC_PASSWORD' } });
    },
  );

  it('takes a file, unquoted in block form', async () => {
    const { properties } = await readNote("key: ${secret('file:/run/secrets/key')}");
    expect(properties).toEqual({ key: { $secret: 'file:/run/secrets/key' } });
  });

  it.each(['ssm:/shop/db', 'ssm:db:3', 'secretsmanager:shop/db', 'secretsmanager:shop/db#pass word'])(
    'takes %s',
    async reference => {
      const { properties, diagnostics } = await readNote(`key: "\${secret('${reference}')}"`);
      expect(diagnostics).toEqual([]);
      expect(properties).toEqual({ key: { $secret: reference } });
    },
  );

  it('takes $${ as a literal', async () => {
    const { properties, diagnostics } = await readNote('path: a$${b}$${c}\nanything: $${d}');
    expect(diagnostics).toEqual([]);
    expect(properties).toEqual({ path: 'a${b}${c}', anything: '${d}' });
  });

  it.each([
    ["ab${secret('env:X')}", 2],
    ["${secret('env:X')}${secret('env:X')}", 0],
    ["${secret('ssm:/x y')}", 0],
    ["${secret('secretsmanager:')}", 0],
    ["${secret('secretsmanager:a#')}", 0],
    ["${secret('env:1X')}", 0],
    ["${secret('file:')}", 0],
    ["${secret('file:c:\\x')}", 0],
    ['$${a}${b', 5],
    ['${', 0],
  ])('%s is a mistake', (text, offset) => {
    expect(readExpression(text)).toMatchObject({ kind: 'mistake', offset });
  });

  it('points at the expression inside its value', async () => {
    const { diagnostics } = await readNote('path: "a ${facts.os} b"');
    expect(diagnostics).toMatchObject([
      { code: 'bad-expression', at: { line: 5, column: 24, endColumn: 26 } },
    ]);
  });

  it('of unknown variables are refused in values, titles and names, each once', async () => {
    const { diagnostics } = await compileText(
      'resources:\n  note:\n    "${a}": {}\n    b: { size: "${x}", tags: { "${y}": z } }',
    );
    expect(diagnostics.map(({ code }) => code)).toEqual([
      'bad-expression',
      'bad-expression',
      'bad-expression',
    ]);
  });

  it('says "quote it" where braces break the flow form', async () => {
    const { diagnostics } = await compileText("resources:\n  note:\n    a: { key: ${secret('env:X')} }");
    expect(diagnostics).toMatchObject([{ code: 'yaml', hint: 'quote the value that holds `${...}`' }]);
  });
});

describe('a secret', () => {
  it('can only stand where the schema wants one', async () => {
    const { diagnostics } = await readNote("path: ${secret('env:X')}\nanything: ${secret('env:X')}");
    expect(diagnostics.map(({ message }) => message)).toEqual([
      "`path`: a secret can't be used here",
      "`anything`: a secret can't be used here",
    ]);
  });

  it('or text, where the schema takes both', async () => {
    const { properties, diagnostics } = await readNote("env:\n  A: plain\n  B: ${secret('env:X')}");
    expect(diagnostics).toEqual([]);
    expect(properties).toEqual({ env: { A: 'plain', B: { $secret: 'env:X' } } });
  });

  const target = (properties: string) =>
    `targets:\n  home:\n    type: cloud\n    url: https://x\n${properties}`;
  it.each([
    ['a literal', target('    password: hunter2')],
    ['a number', target('    password: 4711hunter2')],
    ['quoted', target('    password: "hunter2 # and, more"')],
    ['over several lines', target('    password: |\n      first\n      hunter2\n    por: 1')],
    ['a map', target('    password: {hunter2}')],
    ['a list', target('    password: [hunter2]')],
    ['a tag', target('    password: !hunter2 x')],
    ['an alias', target('    password: *hunter2')],
    ['through an anchor', `requires: { os: &x hunter2 }\n${target('    password: *x')}`],
    ['with an escape', 'resources:\n  note:\n    a: { tags: { password: "hunter2\\t" } }'],
    ['inside the reference', target("    password: ${secret('hunter2')}")],
    ['around the reference', target("    password: hunter2${secret('env:X')}")],
    ['misspelt', target('    pasword: hunter2')],
    ['under a free name', 'resources:\n  note:\n    a: { logins: { db: hunter2 } }'],
    [
      'under a free name in a broken file',
      'resources:\n  note:\n    a:\n      logins:\n        db: hunter2: x',
    ],
    ['as a title', 'resources: { note: { password: hunter2 } }'],
    ['as a type', 'resources: { token: hunter2 }'],
    ['twice', target("    password: ${secret('env:X')}\n    password: hunter2")],
    ['in a broken file', target('    password: hunter2\n   url: x')],
    ['in a broken line', target("    password: 'hunter2")],
    ['in broken flow form', 'targets: { home: { type: cloud, password: hunter2'],
    ['of an unknown target', 'targets:\n  home: { type: clout, token: hunter2 }'],
    ['in a type that has none', 'resources:\n  site:\n    a: { password: hunter2 }'],
    ['in a note', 'resources:\n  note:\n    a: { key: hunter2 }'],
    ['in a list where text goes', 'resources:\n  note:\n    a: { path: "${secret(\'hunter2\')}" }'],
  ])('is never shown: %s', async (_, text) => {
    const { diagnostics, text: shown } = await rendered(text);
    expect(diagnostics.length).toBeGreaterThan(0);
    expect(JSON.stringify(diagnostics) + shown).not.toContain('hunter2');
  });

  it('hides no text that may be either', async () => {
    const { text } = await rendered(
      'resources:\n  note:\n    a: { content: hello, env: { A: hello }, sise: 3 }',
    );
    expect(text).toContain('a: { content: hello, env: { A: hello }, sise: 3 }');
  });

  it('masked keeps every position', async () => {
    const { text } = await rendered(target('    password: hunter2'));
    expect(text).toContain('6 |     password: *******\n  |               ^^^^^^^');
  });
});
