import { plural, span } from '../../io/units.ts';
import { attainmentOf, type Track } from '../attainment.ts';
import { type Html, html } from './html.ts';

/** Of the drawing; twice the target is its top, and what is older isn't drawn higher. */
const [height, step, most] = [32, 2, 2];

/** What all timelines of a page share: green below their target, red above it. */
export const timelineColours = html`<svg width="0" height="0" class="defs" aria-hidden="true"><linearGradient id="g" gradientUnits="userSpaceOnUse" x1="0" y1="0" x2="0" y2="${height}"><stop offset=".5" class="over"/><stop offset=".5" class="under"/></linearGradient></svg>`;

/** The age of the newest point against its target over a time, as a drawing with a text in its place. */
export function timeline(track: Track | undefined, size: 't' | 't big' = 't'): Html | undefined {
  if (!track || track.ages.every(age => age === undefined)) return undefined;
  const width = track.ages.length * step;
  return html`<svg class="${size}" role=img viewBox="0 0 ${width} ${height}" preserveAspectRatio=none aria-label="${wordsOf(track)}"><path class=a d="${outline(track.ages)}"/><path class=l d="M0 ${height / 2}H${width}"/></svg>`;
}

/** Neighbours of one height are one step; relative, since there may be hundreds of these on a page. */
function outline(ages: Track['ages']): string {
  let [path, at, wide] = [`M0 ${height}`, 0, 0];
  for (const age of ages) {
    const top = Math.round(Math.min(age ?? 0, most) * (height / most));
    if (top !== at) path += `${wide > 0 ? `h${wide}` : ''}v${at - top}`;
    wide = top === at ? wide + step : step;
    at = top;
  }
  return `${path}h${wide}v${at}z`;
}

/** `98.3 %`; never rounded up to a whole that it isn't. */
export const percent = (share: number): string =>
  share === 1 ? '100 %' : `${(Math.floor(share * 1000) / 10).toFixed(1)} %`;

/** What a timeline shows, for whoever doesn't see it. */
export function wordsOf({ from, to, stretches }: Track): string {
  const { share, breaches, longest } = attainmentOf(stretches);
  if (share === undefined) return `last ${span(to - from)}: nothing is known`;
  const broken =
    breaches === 0 ? '' : `, ${plural(breaches, 'breach', 'breaches')}, the longest ${span(longest)}`;
  return `last ${span(to - from)}: kept ${percent(share)} of the time${broken}`;
}
