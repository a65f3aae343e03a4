import { inGithubActions, mistakesForGithub } from '../cli/github.ts';
import type { CliIo, Output } from '../cli/io.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { renderDiagnostics } from '../diagnostics/render.ts';
import { Redactor } from '../engine/model/redact.ts';
import type { Registry } from '../engine/model/resource-type.ts';
import { registry } from '../resources/registry.ts';

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
  /** Of stdout when it is a terminal: what is written to a file or pipe isn't broken to fit. */
  columns?: number;
  /** Knows the secrets that were read, and takes them out of everything said here. */
  redactor: Redactor;
}

export function makeContext(io: CliIo): Context {
  const { env } = io.host;
  const color = { stdout: isColored(env, io.stdout), stderr: isColored(env, io.stderr) };
  const sources = new Map<string, string>();
  const redactor = new Redactor();
  return {
    io,
    registry,
    strays: [],
    color,
    ...(io.stdout.isTTY && { columns: io.stdout.columns }),
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

/** As Node and what is built on it decide: FORCE_COLOR, then NO_COLOR, then what the terminal is. */
function isColored({ FORCE_COLOR: force, NO_COLOR, TERM }: CliIo['host']['env'], { isTTY }: Output): boolean {
  if (force !== undefined) return force !== '0' && force !== 'false';
  return isTTY && !NO_COLOR && TERM !== 'dumb';
}

/** One mistake is one error, however many resources met it: the first place stands for all. */
const distinct = (diagnostics: Diagnostic[]): Diagnostic[] =>
  [
    ...new Map(diagnostics.toReversed().map(one => [`${one.code} ${one.message}`, one])).values(),
  ].toReversed();
