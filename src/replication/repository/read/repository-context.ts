import type { Random } from '../../../io/ports.ts';
import type { VmNames } from '../../format/names.ts';
import type { Vault } from '../../format/vault.ts';
import type { ObjectLock } from '../../model/object-lock.ts';
import type { ObjectStore } from '../../model/store.ts';
import type { RangeReader } from './ranges.ts';

/** What every part of an open repository works with. */
export interface Context {
  store: ObjectStore;
  vault: Vault;
  random: Random;
  /** How what is written now, and is to stay, is locked; undefined: it isn't. */
  lock?: (() => ObjectLock) | undefined;
}

/** The same for one VM. */
export interface VmContext extends Context {
  uuid: string;
  names: VmNames;
  /** Cached reads of sections of write-once metadata objects. */
  ranges: RangeReader;
}

/** Id of a new write-once object: 16 random bytes in hex, which are also its salt. */
export const newId = ({ random }: Pick<Context, 'random'>) => random.bytes(16).toString('hex');
