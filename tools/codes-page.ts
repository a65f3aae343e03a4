import type { Meanings } from '../src/diagnostics/codes/meaning.ts';
import { chapters } from '../src/diagnostics/codes.ts';

const intro = `# Codes

<!-- Written by \`npm run generate\` from src/diagnostics/codes. -->

Every error and warning has a code, in brackets before its message: \`error[vm-not-found]: ...\`. It stays the same from
version to version, so that scripts may rely on it; the message says which thing and where, and may change. In
\`--json\` it is \`code\`. A resource type of your own may use codes of its own.
`;

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** docs/codes.md: every code with what it means and the way out. */
export function codesPage(): string {
  const sections = chapters.map(({ title, codes }) => {
    const rows = Object.entries<Meanings[string]>(codes).map(
      ([code, { means, wayOut }]) => `| \`${code}\` | ${cell(means)} | ${cell(wayOut)} |`,
    );
    return `## ${title}\n\n| Code | Meaning | Way out |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
  });
  return [intro, ...sections].join('\n');
}
