import type { Lines } from '../../diagnostics/lines.ts';
import { textWidth } from '../../diagnostics/text-width.ts';
import type { Json } from '../model/catalog.ts';
import type { Recording } from '../record/recording.ts';
import { show } from './plan-words.ts';

/**
 * What was observed, for people: a line per resource, and one per property of what is there; `columns` of
 * the terminal.
 */
export function renderObserved({ resources }: Pick<Recording, 'resources'>, columns: number): Lines {
  const widest = Math.max(0, ...resources.map(({ address }) => textWidth(address)));
  const indent = Math.min(widest, Math.floor(columns / 2));
  const lines = resources.flatMap(seen => {
    const { address } = seen;
    const head = `${address}${' '.repeat(Math.max(0, indent - textWidth(address)))}  `;
    if (seen.state === 'unknown') return [`${head}not visible before ${seen.waitsFor} is there`];
    if (seen.state === 'failed') return [`${head}NOT OBSERVED, ${seen.diagnostic.message}`];
    return [`${head}${seen.state}`, ...(seen.state === 'present' ? properties(seen.value, columns) : [])];
  });
  const count = (state: string) => resources.filter(seen => seen.state === state).length;
  const sums = (['present', 'absent', 'unknown', 'failed'] as const).flatMap(state =>
    count(state) === 0 ? [] : [`${count(state)} ${words[state]}`],
  );
  return [...lines, `Observed: ${sums.join(', ') || 'nothing is declared'}.`];
}

const words = { present: 'present', absent: 'absent', unknown: 'not visible yet', failed: 'not observed' };

function properties(value: object, columns: number): string[] {
  const entries = Object.entries(value as { [name: string]: Json });
  const width = Math.min(40, Math.max(0, ...entries.map(([name]) => name.length)));
  return entries.map(([name, is]) => {
    const left = `    ${name.padEnd(width)}  `;
    return `${left}${show(is, Math.max(16, columns - left.length))}`;
  });
}
