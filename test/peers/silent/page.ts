import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const PAGE = join(import.meta.dirname, '../../../docs/silent-failures.md');

/** What fails in silence elsewhere, by its number. */
const FAILURES: Record<string, string> = {
  1: 'A schedule never fires, or a VM never had a point',
  2: 'The repository is gone, so no hook is reached',
  3: 'All VMs are skipped, or a selection means fewer',
  4: 'One long full beside a schedule of minutes: noise',
  5: 'Metrics contradict the truth after a restart',
  6: 'Off or asleep for hours',
  7: 'Runs overlap, or one that was killed leaves its lock',
  8: 'One big job starves the rest',
  9: 'The nights on which clocks change',
  10: 'Snapshots are left behind, or the repository is damaged',
};

const intro = `# Ten silent failures: who says what, when

<!-- Written by \`npx vitest run --config vitest.heavy.config.ts test/peers/silent-failures.heavy.ts -u\`. -->

Backup programs mostly fail by saying nothing. The ten ways below are those that people complain about most. Each was
staged for converge, and where it applies for restic 0.18.1 with runrestic 0.5.31 from PyPI, which runs restic by a file,
writes a textfile for Prometheus, and is started by cron or a timer of systemd. The test that stages them writes this
table and fails when anybody says something else
([\`test/peers/silent-failures.heavy.ts\`](../test/peers/silent-failures.heavy.ts)).

converge ran its own commands against the lab, whose clock passes as soon as nothing else goes on; minutes are those of
that clock. A VM is due every 15 minutes and breached after 30, unless it says otherwise. An \`alert_route\` posts JSON to a
receiver, and a \`heartbeat\` calls another. restic ran at the moments at which its scheduler would have started it.
`;

const outro = `
## What was not staged

- Kopia, with its exporter: it could not be installed where this was tried. Nor could resticprofile.
- restic asleep or off: that is up to its scheduler, and no systemd or cron ran here. By systemd's manual,
  \`Persistent=true\` starts a timer once for all that it missed; cron starts nothing.
- Whether a rule on runrestic's metrics tells: the rule is the user's own. One on the age of \`restic_last_run\` hears
  nothing of runs that fail, since it is the time of the last run, whatever came of it.
- What converge is still silent about: a timer over \`agent --once\` that fires no more. Each run tells alerts; only a
  \`heartbeat\` notices that there are none.
- More than one machine, and AWS itself: [movers.md](movers.md) and [scaling.md](scaling.md) have many movers.
`;

/** By number: what each of the two said. */
export interface Said {
  ours: Record<string, string>;
  restic: Record<string, string>;
}

const inapplicable = 'not applicable: see below';

/** The page as it has to be. */
export const pageOf = ({ ours, restic }: Said): string =>
  [
    intro,
    '| | staged | converge | restic with runrestic |',
    '|---|---|---|---|',
    ...Object.entries(FAILURES).map(
      ([n, what]) => `| ${n} | ${what} | ${ours[n]} | ${restic[n] ?? inapplicable} |`,
    ),
    outro,
  ].join('\n');

/** What the page says of the peer: for where it isn't installed. */
export function resticOnPage(): Record<string, string> {
  if (!existsSync(PAGE)) return {};
  const rows = readFileSync(PAGE, 'utf8').matchAll(/^\| (\d+) \| .* \| .* \| (.*) \|$/gm);
  return Object.fromEntries([...rows].map(([, n, cell]) => [n, cell!]));
}
