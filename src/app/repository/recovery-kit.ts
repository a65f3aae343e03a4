import qrcode from 'qrcode-generator';
import { htmlText } from '../../diagnostics/html-text.ts';

/** What a kit says. */
export interface Kit {
  /** The key as it is printed. */
  key: string;
  /** Of the key. */
  id: string;
  /** Of what it opens, where that was named. */
  repository?: { url: string; id: string; region?: string; endpoint?: string };
  /** When it was made, ms since 1970. */
  at: number;
}

/** The light modules that a QR code needs around it. */
const MARGIN = 4;

/** Rows of a QR code that holds the key, margin included; `true` is dark. */
export function codeOf(key: string): boolean[][] {
  const code = qrcode(0, 'M');
  code.addData(key);
  code.make();
  const count = code.getModuleCount();
  const inside = (n: number) => n >= 0 && n < count;
  const numbers = Array.from({ length: count + 2 * MARGIN }, (_, n) => n - MARGIN);
  return numbers.map(row => numbers.map(column => inside(row) && inside(column) && code.isDark(row, column)));
}

const about = ({ id, repository, at }: Kit): [string, string][] => [
  ['Key', id],
  ['Repository', repository?.url ?? '(write it here)'],
  ...(repository ? ([['Its id', repository.id]] as [string, string][]) : []),
  ...(repository?.region === undefined ? [] : ([['Region', repository.region]] as [string, string][])),
  ...(repository?.endpoint === undefined ? [] : ([['Endpoint', repository.endpoint]] as [string, string][])),
  ['Made', new Date(at).toISOString()],
];

/** What names the repository on a machine that nothing is configured on. */
function options({ repository }: Kit): string {
  if (!repository) return '--repository s3://BUCKET/PREFIX --region REGION';
  const { url, region, endpoint } = repository;
  return [
    `--repository ${url}`,
    ...(region === undefined ? [] : [`--region ${region}`]),
    ...(endpoint === undefined ? [] : [`--endpoint ${endpoint}`]),
  ].join(' ');
}

const use = (kit: Kit): string[] => [
  'Whoever has this page and may read the repository reads every disk in it. Keep it where backups of',
  'passwords are kept, and away from the machines that are replicated.',
  '',
  '1. Install converge, with credentials that read the repository.',
  '2. Type the key into a file of yours alone (or scan the code): case, blanks and dashes do not matter.',
  '     umask 077; cat > repository.key',
  '3. See what there is, and restore it:',
  `     converge points ${options(kit)} --key file:repository.key`,
  `     converge restore VM ${options(kit)} --key file:repository.key --to DIR`,
  '4. Without converge: its page docs/repository-format.md describes every byte, and how the key',
  '   opens them. Keep a copy of that page, and of converge.json, with this one: what the key opens is in there.',
];

/** A kit as text, its code drawn with half blocks: two rows of it to a line. */
export function kitText(kit: Kit): string {
  const rows = codeOf(kit.key);
  const drawn: string[] = [];
  // Light is drawn, so that the code is right on a dark terminal; on paper, the HTML is.
  for (let n = 0; n < rows.length; n += 2)
    drawn.push(
      rows[n]!.map((top, column) => {
        const bottom = rows[n + 1]?.[column] ?? true;
        return top ? (bottom ? ' ' : '▄') : bottom ? '▀' : '█';
      }).join(''),
    );
  return [
    'CONVERGE RECOVERY KIT',
    '',
    ...about(kit).map(([name, value]) => `${name.padEnd(12)}${value}`),
    '',
    kit.key,
    '',
    ...drawn,
    '',
    ...use(kit),
    '',
  ].join('\n');
}

/** A kit as one page to print; nothing in it is fetched from anywhere. */
export function kitHtml(kit: Kit): string {
  const rows = codeOf(kit.key);
  const path = rows
    .flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])))
    .join('');
  const lines = about(kit).map(([name, value]) => `<dt>${htmlText(name)}</dt><dd>${htmlText(value)}</dd>`);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>converge recovery kit, key ${htmlText(kit.id)}</title>
<style>body{font:11pt sans-serif;margin:2cm;color:#000;background:#fff}code,pre{font:11pt monospace}
dl{display:grid;grid-template-columns:max-content auto;gap:.2em 1em}svg{width:6cm;height:6cm}.key{font-size:12pt}</style>
<h1>converge recovery kit</h1>
<dl>${lines.join('')}</dl>
<p><code class="key">${htmlText(kit.key)}</code></p>
<svg viewBox="0 0 ${rows.length} ${rows.length}" role="img" aria-label="The key as a QR code" shape-rendering="crispEdges"><path d="${path}"/></svg>
<pre>${htmlText(use(kit).join('\n'))}</pre>
</html>
`;
}
