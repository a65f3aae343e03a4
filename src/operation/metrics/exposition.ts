/** One value and what it is of. */
export interface Sample {
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** A gauge with all its values. */
export interface Metric {
  name: string;
  help: string;
  samples: readonly Sample[];
}

/**
 * Metrics in Prometheus' text format 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format). One without values is
 * left out.
 */
export const exposition = (metrics: readonly Metric[]): string =>
  metrics
    .filter(({ samples }) => samples.length > 0)
    .map(
      ({ name, help, samples }) =>
        `# HELP ${name} ${help.replace(/[\\\n]/g, escaped)}\n# TYPE ${name} gauge\n` +
        samples.map(({ labels, value }) => `${name}${inBraces(labels)} ${numberOf(value)}\n`).join(''),
    )
    .join('');

/** What `exposition` gives, for HTTP. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

function inBraces(labels: Sample['labels']): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${labelValue(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/**
 * A value is between double quotes and may hold any character but an unescaped one of these three. What isn't
 * Unicode isn't UTF-8 either, and one such byte makes a whole scrape fail.
 */
const labelValue = (text: string): string => text.toWellFormed().replace(/[\\"\n]/g, escaped);

const escaped = (character: string): string => (character === '\n' ? '\\n' : `\\${character}`);

/** Go's ParseFloat reads it back. */
const numberOf = (value: number): string =>
  value === Number.POSITIVE_INFINITY ? '+Inf' : value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
