import { spanSeconds } from './timespan.ts';

/**
 * Seconds that IIS's schema takes for a time span: from, to, and the step that they have to be a multiple of.
 */
export interface SpanLimit {
  from: number;
  to: number;
  step: number;
}

const minute = 60;
const day = 86_400;

/** From IIS 10's IIS_schema.xml (`timeSpanRange`), by attribute in lower case; what isn't here takes any. */
const limits: Readonly<Record<string, SpanLimit>> = {
  'processmodel.idletimeout': { from: 0, to: 30 * day, step: minute },
  'processmodel.shutdowntimelimit': { from: 1, to: 4_294_967, step: 1 },
  'processmodel.startuptimelimit': { from: 1, to: 4_294_967, step: 1 },
  'processmodel.pinginterval': { from: 1, to: 4_294_967, step: 1 },
  'processmodel.pingresponsetime': { from: 1, to: 4_294_967, step: 1 },
  'recycling.periodicrestart.time': { from: 0, to: 300 * day, step: minute },
  'failure.rapidfailprotectioninterval': { from: minute, to: 100 * day, step: minute },
  'cpu.resetinterval': { from: 0, to: day, step: minute },
  'limits.connectiontimeout': { from: 0, to: 65_535, step: 1 },
};

/** What is wrong with so many seconds for this attribute; undefined when IIS takes them. */
export function spanProblem(attribute: string, seconds: number): string | undefined {
  const limit = limits[attribute.toLowerCase()];
  if (!limit) return undefined;
  const { from, to, step } = limit;
  if (step > 1 && seconds % step !== 0) return 'IIS counts it in whole minutes';
  if (seconds >= from && seconds <= to) return undefined;
  return `IIS takes ${from} to ${to} seconds`;
}

/** The same of what is written as appcmd takes it, `1.05:00:00`. */
export function writtenSpanProblem(attribute: string, written: string): string | undefined {
  if (limits[attribute.toLowerCase()] === undefined) return undefined;
  const seconds = spanSeconds(written);
  return seconds === undefined ? 'IIS takes it as a time span, `00:20:00`' : spanProblem(attribute, seconds);
}

/** Sections with such attributes, and what they are behind where they stand for all pools or all sites. */
const defaults: Readonly<Record<string, RegExp>> = {
  'system.applicationhost/applicationpools': /^applicationPoolDefaults\./i,
  'system.applicationhost/sites': /^siteDefaults\./i,
};

/** The same of an attribute or a row's member in a section; other sections have no limits here. */
export function sectionSpanProblem(section: string, attribute: string, written: string): string | undefined {
  const prefix = defaults[section.toLowerCase()];
  return prefix && writtenSpanProblem(attribute.replace(prefix, ''), written);
}
