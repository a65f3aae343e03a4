import { dirname, resolve } from 'node:path';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import type { RunEvent } from '../../engine/model/events.ts';
import { ndjsonListener } from '../../engine/render/ndjson.ts';
import type { FileHandle } from '../../io/ports.ts';
import type { TerminalIo } from '../text/cli-io.ts';
import type { Text } from '../text/open-text.ts';

export interface EventOptions {
  events?: 'ndjson';
  eventsFile?: string;
}

/** Where the events of a run go besides the progress for people, or in its place. */
export interface EventSink<E = RunEvent> {
  listener(event: E): void;
  /** The events take the place of the progress on stderr. */
  quiet: boolean;
  /** Resolves when the last line is in the file. Rejects with what kept one from it. */
  close(): Promise<void>;
}

/** Undefined when nobody asked for events. A file must be a new one; its folder must be there. */
export async function openEvents<E extends { type: string } = RunEvent>(
  { io, text }: { io: TerminalIo; text: Pick<Text, 'sayJson'> },
  { events, eventsFile }: EventOptions,
  now: () => number,
): Promise<EventSink<E> | undefined> {
  if (eventsFile === undefined) {
    if (events === undefined) return undefined;
    return { listener: ndjsonListener(text.sayJson, now), quiet: true, async close() {} };
  }
  const file = await createFile(io, eventsFile);
  let offset = 0;
  let written: Promise<void> = Promise.resolve();
  const write = (line: string) => {
    const bytes = Buffer.from(line);
    const at = offset;
    offset += bytes.length;
    written = written.then(() => file.write(bytes, at));
    // Told by close(), when the run is over: a full disk must not end it half way.
    written.catch(() => {});
  };
  return {
    listener: ndjsonListener(write, now),
    quiet: false,
    async close() {
      await written.finally(() => file.close());
    },
  };
}

async function createFile(io: TerminalIo, name: string): Promise<FileHandle> {
  const path = resolve(io.host.cwd, name);
  if ((await io.host.files.stat(dirname(path)))?.kind !== 'directory') {
    throw new Failure(given('no-folder', `the folder of ${name} isn't there`, { hint: 'make it first' }));
  }
  if (await io.host.files.stat(path)) {
    throw new Failure(
      given('file-exists', `${name} exists already`, { hint: 'name a new file for the events of each run' }),
    );
  }
  // Made new, or it rejects: undefined is for files that are only opened.
  return (await io.host.files.open(path, 'create-new'))!;
}
