import { expect } from 'vitest';
import type { CliResult } from './cli.ts';

/** What somebody who may name a VM, a tag or a snapshot would like a terminal or a runner of CI to do. */
export const evil =
  'a\u001b[2J\u001b]0;t\u0007\u009b31m\r\n::error::mine\n##[group]x##vso[task.complete]y##teamcity[z]\u202egnp\u2066\u007f\u0085z';
export const github = { GITHUB_ACTIONS: 'true', CI: 'true' };

/** Bytes that only our own styles may hold; a test runs without colours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const steering = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;

export function expectHarmless(args: string[], { stdout, stderr }: CliResult, runner: boolean) {
  for (const text of [stdout, stderr]) {
    expect(steering.exec(text), `${args.join(' ')}\n${JSON.stringify(text)}`).toBeNull();
    // Annotations are ours; what they say was escaped.
    for (const line of text.split('\n'))
      if (runner && !/^::(?:error|warning|notice) (?:file|title)=/.test(line))
        expect(/^\s*::|##\w*\[/.test(line), `${args.join(' ')}\n${line}`).toBe(false);
  }
}
