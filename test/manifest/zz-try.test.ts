import { test } from 'vitest';
import { compileText, compileFiles } from '/work/main/test/manifest/fixture.ts';
test('perf', async () => {
  for (const n of [5000, 20000]) {
  let t = 'resources:\n  note:\n';
  for (let i = 0; i < n; i++) t += `    n${i}: { path: /srv/x${i}, mode: 0644, size: 7, lines: [a, b], store: { url: file:///x }, require: [note:n${(i * 7) % n === i ? 0 : (i * 7) % n}] }\n`;
  const t0 = performance.now();
  const { catalog, diagnostics } = await compileText(t);
  console.log(n, t.length, catalog.resources.length, diagnostics.length, diagnostics[0], performance.now() - t0);
  const t1 = performance.now();
  const r = await compileText(t.replaceAll('note:n', 'note:zz').replaceAll('size: 7','size: x'));
  console.log('errors', r.diagnostics.length, performance.now() - t1);
  }
  for (const bomb of [
    'x: &a [x,x,x,x,x,x,x,x,x]\n' + [...'bcdefghij'].map((c, i) => `y${c}: &${c} [${Array(9).fill('*' + 'abcdefghij'[i]).join(',')}]\n`).join(''),
    '['.repeat(1e6), '- '.repeat(1e6), '{'.repeat(5e5), 'a: '.repeat(1e6), '? '.repeat(1e5), '&a '.repeat(1e5), '!a '.repeat(1e5), '"'.repeat(1e6), 'a: &a [*a]\n', 'a: &a0 x\n' + Array.from({length: 20000}, (_, i) => `k${i}: &a${i+1} [*a${i}]\n`).join(''),
    'resources: &a {note: *a}', 'resources:\n  note:\n    a: &x { anything: &y {a: &z [*x]} }', Array.from({length: 20000}, (_, i) => `k${i}: &a${i} x\nj${i}: *a${i}\n`).join(''),
    'a: |\n' + ' x\n'.repeat(100000), '# x\n'.repeat(500000), '\n'.repeat(1e6), '\t'.repeat(1e6), 'password: x\n'.repeat(1e5), 'x'.repeat(4e6), 'x:'.repeat(1e6),
  ]) {
    const t2 = performance.now();
    const r = await compileText(bomb);
    console.log(JSON.stringify(bomb.slice(0, 30)), r.diagnostics.length, r.diagnostics[0]?.code, r.diagnostics[0]?.message.slice(0, 100), Math.round(performance.now() - t2));
  }
});
