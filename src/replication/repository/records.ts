import { failedWith } from '../../diagnostics/diagnostic.ts';
import { RECOVERY } from '../format/names.ts';
import { BUNDLE_CAP } from '../format/root.ts';
import { openObject, SALT_BYTES, sealObject } from '../format/sealing.ts';
import { damaged } from '../model/damage.ts';
import type { RecordStore } from '../model/repository.ts';
import type { Context } from './read/repository-context.ts';

/** Longest document accepted, bytes: a version of a plan holds a bundle. */
export const RECORD_CAP = BUNDLE_CAP + 2 ** 20;
const DIGITS = 12;

export function recordStore({ store, vault, random }: Context): RecordStore {
  const folder = (subject: string, series: string) =>
    `${RECOVERY}${vault.vmKey(`recovery ${subject}`)}/${series}/`;
  const keyOf = (subject: string, series: string, number: number) =>
    `${folder(subject, series)}${String(number).padStart(DIGITS, '0')}`;
  return {
    async add(subject, series, number, value) {
      const key = keyOf(subject, series, number);
      const payload = Buffer.from(JSON.stringify(value));
      const bytes = sealObject(vault, 'record', key, random.bytes(SALT_BYTES), payload);
      try {
        return (await store.put(key, bytes, { when: { ifNoneMatch: '*' } })).ok;
      } catch (error) {
        if (!failedWith(error, 'answer-lost')) throw error;
        // The salt is random: what is there with these very bytes is ours.
        return (await store.get(key))?.bytes.equals(bytes) ?? false;
      }
    },
    async numbers(subject, series) {
      const at = folder(subject, series);
      const found: number[] = [];
      for await (const { key } of store.list(at)) {
        const name = key.slice(at.length);
        if (/^\d{12}$/.test(name)) found.push(Number(name));
      }
      return found.sort((a, b) => a - b);
    },
    async read(subject, series, number) {
      const key = keyOf(subject, series, number);
      const found = await store.get(key);
      if (!found) return undefined;
      const payload = openObject(vault, 'record', key, found.bytes, RECORD_CAP);
      try {
        return JSON.parse(payload.toString('utf8'));
      } catch (cause) {
        throw damaged(key, 'it is not JSON', cause);
      }
    },
  };
}
