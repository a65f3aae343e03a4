import type { AdoptedFiles } from '../../../app/adopt/adopt-ebextensions.ts';
import type { AdoptedWorld } from '../../../app/adopt/adopt-world.ts';
import { leftoverText } from '../../../app/adopt/leftover.ts';
import { plural } from '../../../io/units.ts';

/** What became of what was there, in a line. */
export function worldSummary({ adopted, known, unsaid }: AdoptedWorld): string {
  const live = adopted.filter(({ pending }) => pending === undefined).length;
  const waiting = adopted.length - live;
  return [
    `${plural(live, 'resource')} adopted`,
    ...(waiting > 0 ? [`${waiting} written as comments, since a plan would change something of them`] : []),
    ...(known > 0 ? [`${known} left out, which the manifests declare already`] : []),
    ...(unsaid.length > 0
      ? [`${plural(unsaid.length, 'thing')} that no declaration says, in the comments at the end`]
      : []),
  ].join('; ');
}

/** What somebody has to decide about, line by line, and a last line with the counts. */
export function filesSummary({ resources, leftovers, refused, secrets }: AdoptedFiles): string[] {
  return [
    ...leftovers.map(leftoverText),
    ...refused.map(({ note, type, title, mistake }) => `${note}: ${type}:${title}: ${mistake}`),
    ...secrets.map(name => `set ${name} to the secret that was written there, and remove it there`),
    [
      `${plural(resources - refused.length, 'resource')} adopted`,
      ...(refused.length > 0 ? [`${refused.length} written as comments`] : []),
      `${plural(leftovers.length, 'line')} left over`,
    ].join('; '),
  ];
}
