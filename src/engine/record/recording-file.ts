import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { canonicalJson } from '../model/canonical.ts';
import type { Recording } from './recording.ts';

/** Canonical, one line at the end. */
export const renderRecording = (recording: Recording): string => `${canonicalJson(recording, 2)}\n`;

/**
 * Reads what `observe -o` wrote. Throws a Failure (given) when it isn't a recording, is newer, or not whole.
 */
export function parseRecording(text: string, file: string): Recording {
  let recording: Recording;
  try {
    recording = JSON.parse(text) as Recording;
  } catch {
    throw unreadable(file, 'is not valid JSON');
  }
  const version: unknown = recording?.converge_observed;
  if (version === undefined) throw unreadable(file, 'holds no observations');
  if (version !== 1) {
    throw new Failure(
      given(
        'observed-version',
        `${file} has observations of version ${JSON.stringify(version)}, and this converge reads version 1`,
        { hint: 'observe again with this converge, or plan with the one that observed' },
      ),
    );
  }
  if (!isWhole(recording)) throw unreadable(file, 'is incomplete');
  return recording;
}

const states = ['present', 'absent', 'unknown', 'failed'];

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every(one => typeof one === 'string');

const isSelection = (value: unknown): boolean => {
  if (!isMap(value) || typeof value.address !== 'string' || !isMap(value.select) || !isMap(value.found))
    return false;
  const { members, warnings } = value.found;
  return (
    Array.isArray(members) &&
    members.every(
      one => isMap(one) && typeof one.title === 'string' && typeof one.id === 'string' && isTexts(one.names),
    ) &&
    Array.isArray(warnings) &&
    warnings.every(one => isMap(one) && typeof one.pointer === 'string' && typeof one.message === 'string') &&
    (value.remembered === undefined || isMap(value.remembered))
  );
};

function isWhole({ now, where, types, targets, resources, selections }: Recording): boolean {
  return (
    Number.isFinite(Date.parse(now)) &&
    isMap(where) &&
    typeof where.platform === 'string' &&
    typeof where.cwd === 'string' &&
    isMap(types) &&
    isMap(targets) &&
    Object.values(targets).every(target => isMap(target) && typeof target.identity === 'string') &&
    (selections === undefined || (Array.isArray(selections) && selections.every(isSelection))) &&
    Array.isArray(resources) &&
    resources.every(
      one =>
        isMap(one) &&
        typeof one.address === 'string' &&
        states.includes(one.state as string) &&
        (one.state !== 'present' || isMap(one.value)) &&
        (one.state !== 'failed' || isMap(one.diagnostic)) &&
        (one.protection === undefined || isMap(one.protection)),
    )
  );
}

const unreadable = (file: string, what: string): Failure =>
  new Failure(
    given('bad-observations', `${file} ${what}`, { hint: 'make it with `converge observe PATHS -o FILE`' }),
  );
