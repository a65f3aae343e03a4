import { stripTypeScriptTypes } from 'node:module';
import { type Diagnostic, given, type SourceRange } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { thrownAt, traceName } from '../../engine/model/type-bug.ts';
import type { Clock } from '../../io/ports.ts';
import { quoted } from '../syntax/scalar.ts';
import type { TypeSource } from './find-types.ts';

/** Milliseconds that a file may take before it exports something. */
const longest = 30_000;

/**
 * Runs the text of a type and returns what it exports as default; undefined, and a mistake, when it can't
 * be run. It runs from the text, without a path: it reaches Node's own modules and no file beside it.
 */
export async function evaluateType(
  source: TypeSource,
  clock: Clock,
  report: (diagnostic: Diagnostic) => void,
): Promise<{ exported: unknown } | undefined> {
  const { file, text } = source;
  try {
    const code = /\.m?ts$/.test(file) ? stripped(text) : text;
    const named = `${code}\n//# sourceURL=${traceName(file)}\n`;
    const url = `data:text/javascript;base64,${Buffer.from(named).toString('base64')}`;
    const module = await inTime(import(url) as Promise<{ default?: unknown }>, clock);
    return { exported: module.default };
  } catch (error) {
    report(fault(source, error));
    return undefined;
  }
}

class TooLong extends Error {}

async function inTime<T>(work: Promise<T>, clock: Clock): Promise<T> {
  const done = new AbortController();
  const limit = async (): Promise<never> => {
    await clock.sleep(longest, done.signal);
    throw new TooLong(`it takes longer than ${longest / 1000} s`);
  };
  try {
    return await Promise.race([work, limit()]);
  } finally {
    done.abort();
  }
}

/** Node says about its own function that it is experimental, which is nothing for users. */
function stripped(text: string): string {
  const emitWarning = process.emitWarning;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(text, { mode: 'strip' });
  } finally {
    process.emitWarning = emitWarning;
  }
}

function fault({ file, text }: TypeSource, error: unknown): Diagnostic {
  const { code, message } =
    error instanceof Error ? (error as NodeJS.ErrnoException) : { message: String(error) };
  const start = { file, line: 1, column: 1 };
  const specifier = /specifier "([^"]*)" from "data:/.exec(message)?.[1];
  if (specifier !== undefined) {
    return given('bad-type', `${file} imports ${quoted(specifier)}, and a type is one file`, {
      at: placeOf(text, specifier, file) ?? start,
      hint: 'use `import type` for types; Node’s own modules (`node:path`) can be imported',
    });
  }
  const at = thrownAt(error, file) ?? syntaxAt(error, text, file) ?? start;
  const unsupported = code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX';
  return given('bad-type', own`${file} can't be loaded: ${message}`, {
    at,
    ...(unsupported && {
      hint: own`types are taken away, nothing is compiled: use what is JavaScript without them`,
    }),
  });
}

function placeOf(text: string, part: string, file: string): SourceRange | undefined {
  const offset = text.indexOf(part);
  if (offset < 0) return undefined;
  const lines = text.slice(0, offset).split('\n');
  const column = lines.at(-1)!.length + 1;
  return { file, line: lines.length, column, endLine: lines.length, endColumn: column + part.length };
}

/**
 * Where the parser stopped: the line's number, the lines around it and a caret are before the error.
 * JavaScript is parsed again for that.
 */
function syntaxAt(error: unknown, text: string, file: string): SourceRange | undefined {
  if (!(error instanceof SyntaxError)) return undefined;
  let stack = error.stack ?? '';
  if (!('code' in error)) {
    try {
      stripped(text);
    } catch (again) {
      stack = (again as Error).stack ?? '';
    }
  }
  const found = /^[^\n]*:(\d+)\n(?:[^\n]*\n)*?( *)\^/.exec(stack);
  return found ? { file, line: Number(found[1]), column: found[2]!.length + 1 } : undefined;
}
