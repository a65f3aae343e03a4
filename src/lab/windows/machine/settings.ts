import { join } from 'node:path';
import type { Files } from '../../../io/ports.ts';
import type { FaultRule } from './faults.ts';
import type { Language } from './machine.ts';

/** What the Windows host of a lab is told from outside, in `windows/machine.json` beside its `C`. */
export interface WindowsSettings {
  machine: 1;
  language: Language;
  /** Whether converge runs there as an administrator. */
  elevated: boolean;
  /** Rules that still have calls to spoil, in the order in which they were armed. */
  faults: { rule: FaultRule; left: number }[];
}

const usual: WindowsSettings = { machine: 1, language: 'en', elevated: true, faults: [] };

/** `dir` is the lab's `windows` folder. A host that was never touched has the usual settings. */
export async function readSettings(files: Files, dir: string): Promise<WindowsSettings> {
  const bytes = await files.read(join(dir, 'machine.json'));
  return bytes ? (JSON.parse(bytes.toString('utf8')) as WindowsSettings) : structuredClone(usual);
}

/** Changes the settings and returns what they are now. */
export async function changeSettings(
  files: Files,
  dir: string,
  change: (settings: WindowsSettings) => void,
): Promise<WindowsSettings> {
  const settings = await readSettings(files, dir);
  change(settings);
  await files.mkdir(dir, { recursive: true });
  await files.writeAtomic(join(dir, 'machine.json'), Buffer.from(`${JSON.stringify(settings, null, 2)}\n`));
  return settings;
}
