import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readJson, writeJson } from '../disks/write-json.ts';

export interface Parameter {
  type: 'String' | 'StringList' | 'SecureString';
  value: string;
  /** Counts from 1. */
  version: number;
  /** Milliseconds since the epoch. */
  modified: number;
}

export interface StoredSecret {
  arn: string;
  text?: string;
  /** Base64. */
  binary?: string;
  version: string;
  created: number;
}

/** What both stores of secrets hold, by name. */
export interface Vault {
  parameters: Record<string, Parameter>;
  secrets: Record<string, StoredSecret>;
}

/**
 * One file, replaced whole and readable by its owner alone. Reads anew each time: a command may have added.
 */
export function openVault(dir: string) {
  const file = join(dir, 'vault.json');
  const read = async (): Promise<Vault> => (await readJson<Vault>(file)) ?? { parameters: {}, secrets: {} };
  let last: Promise<unknown> = Promise.resolve();
  return {
    read,
    /** Changes go one after the other. Rejects with what `work` throws, and nothing is changed. */
    change<T>(work: (vault: Vault) => T): Promise<T> {
      const done = last.then(async () => {
        const vault = await read();
        const result = work(vault);
        await mkdir(dir, { recursive: true, mode: 0o700 });
        await writeJson(file, vault);
        return result;
      });
      last = done.catch(() => {});
      return done;
    },
  };
}
export type VaultFile = ReturnType<typeof openVault>;
