import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';

/** One program that ran on a real Windows, and what it answered. */
export interface Call {
  /** Below System32: `inetsrv\appcmd.exe`. */
  program: string;
  args: string[];
  /** This Windows has no such program; it did not run. */
  missing: boolean;
  exitCode: number;
  stdout: Buffer;
  stderr: Buffer;
}

/** What `tools/capture-windows.ps1` recorded of one machine. */
export interface Capture {
  taken: string;
  host: {
    windows: string;
    language: string;
    code_page: number;
    elevated: boolean;
    iis: string | null;
    system_root: string;
  };
  calls: Call[];
}

/** Throws a Failure (given) for what is not a capture. */
export function parseCapture(text: string, path: string): Capture {
  let read: unknown;
  try {
    // Windows' editors put a mark in front.
    read = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    throw noCapture(path, 'it is not JSON');
  }
  const { converge_capture: version, taken, host, calls } = fields(read);
  if (version !== 1)
    throw noCapture(path, version === undefined ? 'it is something else' : `its version is ${version}`);
  const { windows, language, code_page, elevated, iis, system_root } = fields(host);
  if (!Array.isArray(calls) || typeof system_root !== 'string')
    throw noCapture(path, 'parts of it are missing');
  return {
    taken: String(taken),
    host: {
      windows: String(windows),
      language: String(language),
      code_page: Number(code_page),
      elevated: elevated === true,
      iis: typeof iis === 'string' ? iis : null,
      system_root,
    },
    calls: calls.map(each => readCall(fields(each), path)),
  };
}

function readCall(call: Record<string, unknown>, path: string): Call {
  const { program, args, missing, exit_code = 0, stdout = '', stderr = '' } = call;
  if (
    typeof program !== 'string' ||
    !Array.isArray(args) ||
    typeof exit_code !== 'number' ||
    typeof stdout !== 'string' ||
    typeof stderr !== 'string'
  )
    throw noCapture(path, 'one of its calls has no program, arguments, exit code or output');
  return {
    program,
    args: args.map(String),
    missing: missing === true,
    exitCode: exit_code,
    stdout: Buffer.from(stdout, 'base64'),
    stderr: Buffer.from(stderr, 'base64'),
  };
}

const fields = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {};

const noCapture = (path: string, why: string): Failure =>
  new Failure(
    given('no-capture', own`${path} is not a capture of a Windows: ${why}`, {
      hint: own`make one with tools/capture-windows.ps1`,
    }),
  );
