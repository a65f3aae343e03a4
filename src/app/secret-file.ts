import { resolve } from 'node:path';
import { Failure, given } from '../diagnostics/diagnostic.ts';
import type { Host } from '../io/ports.ts';

/** Writes a secret to a file that must not exist yet, readable by its owner alone. */
export async function writeNewSecret(host: Host, path: string, text: string): Promise<void> {
  const target = resolve(host.cwd, path);
  if (await host.files.stat(target)) {
    throw new Failure(
      given('file-exists', `${path} exists already`, { hint: 'name a new file: a key is never overwritten' }),
    );
  }
  await host.files.writeAtomic(target, Buffer.from(text), { private: true });
}
