import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { renderDiagnostics } from '../diagnostics/render.ts';
import { Redactor } from '../engine/redact.ts';
import type { Registry } from '../engine/resource-type.ts';
import { registry } from '../resources/registry.ts';
import { inGithubActions, mistakesForGithub } from './github.ts';
import type { CliIo } from './io.ts';

/** What a command gets besides its arguments. */
export interface Context {
  io: CliIo;
  /** Results go to stdout. */
  print(text: string): void;
  /** Everything else goes to stderr. */
  say(text: string): void;
  /** Shows diagnostics with their source lines. */
  report(diagnostics: Diagnostic[]): void;
  /** Text of the manifests read so far, by the name that diagnostics use. */
  sources: Map<string, string>;
  /** The types that are built in and, once manifests were read, those beside them. */
  registry: Registry;
  /** Errors of types that nobody waited for; they were reported. */
  strays: unknown[];
  color: { stdout: boolean; stderr: boolean };
  /** Knows the secrets that were read, and takes them out of everything said here. */
  redactor: Redactor;
}

export function makeContext(io: CliIo): Context {
  const { env } = io.host;
  const allowed = !env.NO_COLOR && env.TERM !== 'dumb';
  const color = { stdout: allowed && io.stdout.isTTY, stderr: allowed && io.stderr.isTTY };
  const sources = new Map<string, string>();
  const redactor = new Redactor();
  return {
    io,
    registry,
    strays: [],
    color,
    redactor,
    print: text => io.stdout.write(redactor.text(text)),
    say: text => io.stderr.write(redactor.text(text)),
    sources,
    report(diagnostics) {
      if (diagnostics.length === 0) return;
      const clean = redactor.value(distinct(diagnostics));
      io.stderr.write(renderDiagnostics(clean, sources, { color: color.stderr, width: io.stderr.columns }));
      if (inGithubActions(io.host)) io.stderr.write(mistakesForGithub(io.host, clean));
    },
  };
}

/** One mistake is one error, however many resources met it: the first place stands for all. */
const distinct = (diagnostics: Diagnostic[]): Diagnostic[] =>
  [
    ...new Map(diagnostics.toReversed().map(one => [`${one.code} ${one.message}`, one])).values(),
  ].toReversed();
