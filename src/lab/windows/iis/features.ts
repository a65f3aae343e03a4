import type { Machine } from '../machine.ts';

/** Told after a Windows feature was enabled or disabled: IIS brings appcmd.exe and its configuration. */
export async function iisFeatureChanged(_machine: Machine, _name: string, _enabled: boolean): Promise<void> {}
