import type { Answer, Language } from '../machine/machine.ts';

/** A text in both languages that the stand-ins speak. */
export type Text = Readonly<Record<Language, string>>;

/**
 * What a console program wrote, as a program that reads UTF-8 gets it: it is in the OEM code page there, and
 * every letter beyond ASCII comes out as U+FFFD. Lines end in CR LF.
 */
const inConsole = (text: string): string =>
  text.replace(/\r?\n/g, '\r\n').replace(/[\u0080-\u{10ffff}]/gu, '\ufffd');

export const said = (stdout: string, exitCode = 0): Answer => ({
  exitCode,
  stdout: inConsole(stdout),
  stderr: '',
});

export const failed = (exitCode: number, stderr: string): Answer => ({
  exitCode,
  stdout: '',
  stderr: inConsole(stderr),
});

/** Most programs of Windows write their errors to stdout. */
export const failedAloud = (exitCode: number, stdout: string): Answer => said(stdout, exitCode);
