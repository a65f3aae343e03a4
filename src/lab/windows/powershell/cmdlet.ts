import type { Answer, Call, Machine } from '../machine/machine.ts';

/** What a script reads from stdin as JSON. */
export type Data = Readonly<Record<string, unknown>>;

/** What the script does that names one cmdlet. */
export type Cmdlet = (data: Data, call: Call, machine: Machine) => Promise<Answer>;

/** What a script wrote as UTF-8 bytes, past the console and its code page. */
export const wrote = (value: unknown): Answer => ({ exitCode: 0, stdout: JSON.stringify(value), stderr: '' });

export const list = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
