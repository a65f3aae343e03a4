import module from 'node:module';
import { constants } from 'node:os';
import { join } from 'node:path';
import { reasonOf } from '../io/errors.ts';
import type { CliIo, Output } from './text/cli-io.ts';

/** One line from the terminal; undefined after Ctrl-D, and once it is to end. */
async function askOnTerminal(question: string, interrupt: AbortSignal): Promise<string | undefined> {
  const { createInterface } = await import('node:readline');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  let answered = false;
  lines.on('close', () => {
    // What is said next doesn't belong behind the question.
    if (!answered) process.stderr.write('\n');
    resolve(undefined);
  });
  // In raw mode Ctrl-C is a character, and no signal.
  lines.on('SIGINT', () => {
    process.emit('SIGINT');
    lines.close();
  });
  const end = () => lines.close();
  interrupt.addEventListener('abort', end, { once: true });
  lines.question(question, answer => {
    answered = true;
    resolve(answer);
  });
  return promise.finally(() => {
    interrupt.removeEventListener('abort', end);
    lines.close();
  });
}

/**
 * What shows progress has hidden it, and gets no turn any more to show it. Terminals are written to at once.
 */
function showCursor(): void {
  for (const stream of [process.stdout, process.stderr]) if (stream.isTTY) stream.write('\u001b[?25h');
}

function isSomewhere(): boolean {
  try {
    return process.cwd() !== '';
  } catch {
    return false;
  }
}

/** The real process around `main`: streams, signals, exit code. Tests call `main` with their own. */
export async function run(): Promise<void> {
  // Beside the code, which whoever may write there could change anyway; never in a shared folder.
  if (import.meta.filename.endsWith('.js')) module.enableCompileCache(join(import.meta.dirname, 'cache'));
  const args = process.argv.slice(2);
  const outputs = watchOutputs();
  if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
    const { version } = await import('../app/version.ts');
    outputs.stdout.write(`${version}\n`);
    process.exitCode = await outputs.told(0);
    return;
  }
  const { main, nodeHost } = await import('./start.ts');
  if (!isSomewhere()) {
    outputs.stderr.write("error: the working directory isn't there any more: change to one that is\n");
    process.exitCode = await outputs.told(4);
    return;
  }
  const interrupt = new AbortController();
  let signalled: 'SIGINT' | 'SIGTERM' | undefined;
  // A lost terminal is no reason to leave a snapshot behind.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const reason = signal === 'SIGINT' ? signal : 'SIGTERM';
    process.on(signal, () => {
      // The terminal tells each of its processes, and whoever started them may tell them as well.
      if (signalled && signal === 'SIGHUP') return;
      // The second time the user means it: no more tidying up.
      if (signalled) {
        showCursor();
        process.exit(128 + constants.signals[reason]);
      }
      signalled = reason;
      interrupt.abort(reason);
    });
  }
  const io: CliIo = {
    stdout: outputs.stdout,
    stderr: outputs.stderr,
    host: nodeHost(),
    self: [process.execPath, ...process.execArgv, process.argv[1]!],
    interrupt: interrupt.signal,
    strays(listener) {
      process.on('unhandledRejection', listener);
      process.on('uncaughtException', listener);
    },
    ...(process.stdin.isTTY &&
      process.stderr.isTTY && {
        ask: (question: string) => askOnTerminal(question, interrupt.signal),
      }),
  };
  const code = await main(args, io);
  // A server that never answers keeps a socket open, and would keep the process.
  if (signalled) process.exit(code);
  process.exitCode = await outputs.told(code);
  leaveAnyway();
}

/**
 * Watches both outputs. A closed pipe (`converge plan | head`) ends the output, not the run. With a full disk
 * behind it the run goes on to its end too, but not all of it could be told: that is said, and is a failure.
 */
function watchOutputs(): { stdout: Output; stderr: Output; told(code: number): Promise<number> } {
  let unsaid: NodeJS.ErrnoException | undefined;
  const used = new Set<NodeJS.WriteStream>();
  const output = (stream: NodeJS.WriteStream): Output => {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') unsaid ??= error;
    });
    return {
      write(text) {
        used.add(stream);
        stream.write(text);
      },
      isTTY: Boolean(stream.isTTY),
      columns: stream.columns || 100,
      stream,
    };
  };
  // The answer to an empty write comes after those to all that was written before it.
  const written = (stream: NodeJS.WriteStream) =>
    new Promise<void>(resolve => stream.write('', () => resolve()));
  return {
    stdout: output(process.stdout),
    stderr: output(process.stderr),
    async told(code) {
      await Promise.all([...used].map(written));
      if (!unsaid) return code;
      process.stderr.write(`converge can't write all that it has to say: ${reasonOf(unsaid)}\n`);
      // 1, 130 and 143 stand alone; the others are bits.
      return code === 1 || code >= 128 ? code : code | 4;
    },
  };
}

/**
 * Ends the process though a type that was given up still runs in it; whoever reads its output gets all of it.
 */
function leaveAnyway(): void {
  setTimeout(() => {
    if (process.stdout.writableLength + process.stderr.writableLength > 0) leaveAnyway();
    else process.exit();
  }, 1000).unref();
}
