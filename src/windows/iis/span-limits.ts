import { spanSeconds } from './timespan.ts';

/**
 * Seconds that IIS's schema takes for a time span: from, to, and the step that they have to be a multiple of.
 */
export interface SpanLimit {
  from: number;
  to: number;
  step: number;
}

type Limits = Readonly<Record<string, SpanLimit>>;

const minute = 60;
const day = 86_400;

/** From IIS 10's IIS_schema.xml (`timeSpanRange`), by attribute in lower case; what isn't here takes any. */
const limits: Limits = {
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
  return limit && outside(limit, seconds);
}

function outside({ from, to, step }: SpanLimit, seconds: number): string | undefined {
  if (step > 1 && seconds % step !== 0) return 'IIS counts it in whole minutes';
  if (seconds >= from && seconds <= to) return undefined;
  return `IIS takes ${from} to ${to} seconds`;
}

/** The same of what is written as appcmd takes it, `1.05:00:00`. */
export const writtenSpanProblem = (attribute: string, written: string): string | undefined =>
  problemOf(limits, attribute, written);

function problemOf(known: Limits, attribute: string, written: string): string | undefined {
  const limit = known[attribute.toLowerCase()];
  if (limit === undefined) return undefined;
  const seconds = spanSeconds(written);
  return seconds === undefined ? 'IIS takes it as a time span, `00:20:00`' : outside(limit, seconds);
}

/** Sections with the attributes above, behind these names where they stand for all pools or all sites. */
const defaults: Readonly<Record<string, RegExp>> = {
  'system.applicationhost/applicationpools': /^applicationPoolDefaults\./i,
  'system.applicationhost/sites': /^siteDefaults\./i,
};

const any: SpanLimit = { from: 0, to: Number.POSITIVE_INFINITY, step: 1 };

/** Those of other sections and of their rows, from the same schema. */
const others: Readonly<Record<string, Limits>> = {
  'system.applicationhost/weblimits': {
    connectiontimeout: any,
    headerwaittimeout: { from: 0, to: 65_535, step: 1 },
  },
  'system.applicationhost/confighistory': { period: { from: 10, to: 2_147_483_647, step: 1 } },
  'system.webserver/asp': {
    'session.timeout': { from: 0, to: 365 * day, step: minute },
    'limits.scripttimeout': any,
    'limits.queueconnectiontesttime': { from: 1, to: 2_147_483_647, step: 1 },
    'limits.queuetimeout': any,
  },
  'system.webserver/caching': { duration: { from: 1, to: 4_294_967, step: 1 } },
  'system.webserver/cgi': { timeout: { from: 1, to: 2_147_483_647, step: 1 } },
  'system.webserver/serverruntime': { frequenthittimeperiod: any },
  'system.webserver/staticcontent': { 'clientcache.cachecontrolmaxage': any },
  'system.webserver/tracing/tracefailedrequests': { 'failuredefinitions.timetaken': any },
  'system.webserver/websocket': { pinginterval: { from: 0, to: day, step: 1 } },
  'system.webserver/proxy': {
    timeout: { from: 1, to: day, step: 1 },
    'cache.validationinterval': { from: 0, to: day, step: 1 },
  },
};

/** The same of an attribute or a row's member in a section. */
export function sectionSpanProblem(section: string, attribute: string, written: string): string | undefined {
  const prefix = defaults[section.toLowerCase()];
  if (prefix) return writtenSpanProblem(attribute.replace(prefix, ''), written);
  return problemOf(others[section.toLowerCase()] ?? {}, attribute, written);
}
