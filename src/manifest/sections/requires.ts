import { isMap, type Node } from 'yaml';
import package_ from '../../../package.json' with { type: 'json' };
import { type Diagnostic, given } from '../../diagnostics/diagnostic.ts';
import { compareVersions } from '../../values/version.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import { newReading, resolved } from '../scope/reading.ts';
import { quoted } from '../syntax/scalar.ts';
import { placeOf, type SourceFile } from '../syntax/source-file.ts';
import { readMap, readValue } from '../values/read-value.ts';

const systems: Record<string, NodeJS.Platform> = { windows: 'win32', linux: 'linux' };

/** Schema of `requires:`. */
export const requiresSchema: JsonSchema = {
  type: 'object',
  description: 'What this manifest needs to be run.',
  properties: {
    converge: {
      type: 'string',
      pattern: '^(>=)?\\s*\\d+(\\.\\d+){0,2}$',
      description: "Version of converge: '>=1.2' or an exact one.",
    },
    os: { enum: Object.keys(systems), description: 'Operating system that the manifest is for.' },
  },
  additionalProperties: false,
};

/** `linux` as manifests and messages name it. */
export const systemName = (platform: NodeJS.Platform): string =>
  Object.keys(systems).find(name => systems[name] === platform) ?? platform;

/** The platform that one file requires, undefined when it says none or what can't be one. */
export function requiredPlatform(node: Node): NodeJS.Platform | undefined {
  const os = isMap(node) ? node.get('os') : undefined;
  return typeof os === 'string' && Object.hasOwn(systems, os) ? systems[os] : undefined;
}

/**
 * Checks `requires:` of one file against this converge and the platform of the run. False when the file is
 * for another platform, which was reported; `hasLab` says that a lab was asked for a host of it already.
 */
export function checkRequires(
  file: SourceFile,
  node: Node,
  platform: NodeJS.Platform,
  hasLab: boolean,
  report: (diagnostic: Diagnostic) => void,
): boolean {
  const reading = newReading(file, '`requires`', placeOf(file, node), report);
  const map = resolved(reading, node);
  if (!isMap(map)) {
    readValue(node, requiresSchema, '', reading);
    return true;
  }
  const { converge, os } = readMap(map, requiresSchema, '', reading);
  const at = (key: string) => ({ at: reading.visits.get(`/${key}`)?.at ?? reading.at });
  const isForHere = typeof os !== 'string' || systems[os] === platform;
  if (!isForHere)
    report(
      given('wrong-os', `this manifest requires ${os}, and this is ${systemName(platform)}`, {
        ...at('os'),
        hint: `run it on ${os}, ${os === 'windows' && !hasLab ? 'try it here with --lab, ' : ''}or leave this file out here`,
      }),
    );
  if (typeof converge !== 'string') return isForHere;
  const fits = versionFits(converge, package_.version);
  if (fits === undefined)
    report(
      given(
        'wrong-value',
        `\`converge\`: expected a version such as '>=1.2', found the text ${quoted(converge)}`,
        at('converge'),
      ),
    );
  else if (!fits)
    report(
      given('wrong-version', `this manifest requires converge ${converge}, and this is ${package_.version}`, {
        ...at('converge'),
        hint: `install converge ${converge.replace(/^>=\s*/, '')}${converge.startsWith('>=') ? ' or newer' : ''}`,
      }),
    );
  return isForHere;
}

/** Whether `version` is in the range `>=1.2` or is exactly `1.2.3`; undefined for a bad range. */
function versionFits(range: string, version: string): boolean | undefined {
  const match = /^\s*(>=)?\s*(\d+(?:\.\d+){0,2})\s*$/.exec(range);
  if (!match) return undefined;
  const difference = compareVersions(version, match[2]!);
  if (difference === undefined) return undefined;
  return match[1] ? difference >= 0 : difference === 0;
}
