import { Redactor } from '../engine/model/redact.ts';
import type { Registry } from '../engine/model/resource-type.ts';
import type { Host } from '../io/ports.ts';
import { proxyPasswords } from '../network/proxies.ts';
import { registry } from '../resources/registry.ts';
import type { MakeReporter, Reporter } from './reporter.ts';

/** What the application has of whoever runs it: a machine, and a way to be stopped. */
export interface AppIo {
  host: Host;
  /** Aborted with reason `SIGINT` or `SIGTERM`. */
  interrupt: AbortSignal;
  /** Calls back for errors that nobody waited for, which would end the process. */
  strays?(listener: (error: unknown) => void): void;
}

/** What whatever the application does gets besides its options. */
export interface Context {
  io: AppIo;
  reporter: Reporter;
  /** For a context that begins with nothing known. */
  makeReporter: MakeReporter;
  /** Text of the manifests read so far, by the name that diagnostics use. */
  sources: Map<string, string>;
  /** A lab that is open already: whatever works in a lab works in it. `openSession` knows what it is. */
  lab?: object;
  /** The types that are built in and, once manifests were read, those beside them. */
  registry: Registry;
  /** Errors of types that nobody waited for; they were reported. */
  strays: unknown[];
  /** Knows the secrets that were read, and takes them out of everything that is said. */
  redactor: Redactor;
}

/** @param copy gets all that is said as text too: a log */
export function makeContext(io: AppIo, makeReporter: MakeReporter, copy?: (text: string) => void): Context {
  const known = { sources: new Map<string, string>(), redactor: new Redactor() };
  for (const password of proxyPasswords(io.host.env)) known.redactor.add(password);
  return { io, registry, strays: [], ...known, makeReporter, reporter: makeReporter(known, copy) };
}
