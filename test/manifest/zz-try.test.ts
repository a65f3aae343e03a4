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
'['.repeat(1e5),'secret '.repeat(1e6), ': '.repeat(2e6), 'password: x, '.repeat(1e5), ' '.repeat(4e6)+'x', '"'+ 'a\n'.repeat(1e6)+'"', '\'x: \'', '#'.repeat(4e6), '{a: ${'.repeat(1e5), 'a: '+'${'.repeat(1e6), 'a: '+'$${'.repeat(1e6), 'resources:\n note:\n  a: {path: '+'$${'.repeat(1e6)+'}', 'resources:\n note:\n  a:\n   path: '+'$'.repeat(3e6)+'${','resources:\n note:\n  a:\n   path: '+'${secret('.repeat(3e5),'resources:\n note:\n  a:\n   every: '+'1h '.repeat(1e6),'resources:\n note:\n  a:\n   size: '+'1'.repeat(4e6),'resources:\n note:\n  a:\n   mode: '+'1'.repeat(4e6)+'x','resources:\n note:\n  '+'1'.repeat(4e6)+'x: {require: note:a}','x'.repeat(4e6), 'x:'.repeat(1e6),
  ]) {
    const t2 = performance.now();
    const r = await compileText(bomb);
    console.log(JSON.stringify(bomb.slice(0, 30)), r.diagnostics.length, r.diagnostics[0]?.code, r.diagnostics[0]?.message.slice(0, 100), Math.round(performance.now() - t2));
  }
});
