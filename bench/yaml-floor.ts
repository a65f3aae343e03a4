/** What reading costs at least: N small YAML documents, parsed by the library with positions. */
import { LineCounter, parseDocument } from 'yaml';

const count = Number(process.argv[2] ?? 1000);
for (let i = 0; i < count; i++) {
  const text = `converge: 1\nresources:\n  file:\n    /srv/f${i}.conf: { content: "line ${i}\\n", mode: "0644" }\n`;
  parseDocument(text, { lineCounter: new LineCounter(), schema: 'failsafe' });
}
