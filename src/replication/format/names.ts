/**
 * Names of the objects of a repository, relative to the store's prefix. Nothing in a name tells
 * which VM it belongs to: `vmKey` is a hash, keyed in an encrypted repository.
 */
export const CONFIG = 'converge.json';
export const ROSTER = 'roster/';
/** A folder for each VM, called by its key. */
export const VMS = 'vms/';
/** Plans of recovery and what came of them. */
export const RECOVERY = 'recovery/';
/** Notes that change: their names tell of no VM. */
export const BOARD = `${RECOVERY}board/`;
/** Ids in names: this many random bytes, in hex. */
export const OBJECT_ID_BYTES = 16;
/** Names have twelve digits for it. */
export const LAST_GENERATION = 999_999_999_999;

export interface VmNames {
  readonly folder: string;
  readonly roster: string;
  readonly head: string;
  readonly lease: string;
  readonly damage: string;
  readonly checked: string;
  readonly pruning: string;
  readonly locks: string;
  readonly points: string;
  readonly indexes: string;
  readonly removals: string;
  point(generation: number, id: string): string;
  removal(generation: number, id: string): string;
  pages(id: string): string;
  pack(id: string): string;
  index(generation: number, id: string): string;
  bundle(id: string): string;
}

/** Twelve digits keep the order of names equal to the order of generations. */
const numbered = (generation: number, id: string) => `${String(generation).padStart(12, '0')}-${id}`;

export const isVmKey = (text: string): boolean => /^[0-9a-f]{32}$/.test(text);

export function vmNames(vmKey: string): VmNames {
  const folder = `${VMS}${vmKey}/`;
  return {
    folder,
    roster: `${ROSTER}${vmKey}`,
    head: `${folder}head`,
    lease: `${folder}lease`,
    damage: `${folder}damage`,
    checked: `${folder}checked`,
    pruning: `${folder}pruning`,
    locks: `${folder}locks`,
    points: `${folder}points/`,
    indexes: `${folder}index/`,
    removals: `${folder}removed/`,
    point: (generation, id) => `${folder}points/${numbered(generation, id)}`,
    removal: (generation, id) => `${folder}removed/${numbered(generation, id)}`,
    pages: id => `${folder}pages/${id}`,
    pack: id => `${folder}packs/${id.slice(0, 2)}/${id}`,
    index: (generation, id) => `${folder}index/${numbered(generation, id)}`,
    bundle: id => `${folder}bundles/${id}`,
  };
}

/** `000000000007-<id>` at the end of a key; undefined for a name that isn't one of ours. */
export function parseNumbered(key: string): { generation: number; id: string } | undefined {
  const found = /(?:^|\/)(\d{12})-([0-9a-f]{32})$/.exec(key);
  return found ? { generation: Number(found[1]), id: found[2]! } : undefined;
}
