import { type Diagnostic, type SourceRange, world } from '../../diagnostics/diagnostic.ts';
import type { AnyResourceType } from './resource-type.ts';

/** Names a faulty type, with its file and, for what it has thrown, the line. */
export const typeBug = (type: AnyResourceType, what: string, thrown?: unknown): Diagnostic => {
  const { name, origin } = type;
  const at = origin && thrownAt(thrown, origin.file);
  return world('type-bug', `the resource type \`${name}\`${fileOf(type)} is faulty: ${what}`, {
    hint: `this is not a mistake in the manifest: ${origin ? `mend ${origin.file}` : 'report it with the output of --debug'}`,
    ...(at && { related: [{ message: 'thrown here', at }] }),
  });
};

/** ` of types/motd.ts` for a type that isn't built in. */
export const fileOf = ({ origin }: AnyResourceType): string => (origin ? ` of ${origin.file}` : '');

/** The name by which stack traces know a type's file, which takes no spaces and no quotes. */
export const traceName = (file: string): string => encodeURI(file).replaceAll("'", '%27');

/** Where in `file` an error was thrown, or what it called that threw. */
export function thrownAt(error: unknown, file: string): SourceRange | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const name = traceName(file);
  for (const line of stack.split('\n')) {
    // Whoever prepares traces in a way of its own shows what a type was loaded from in the place of its name.
    const known = line.replace(/data:text\/javascript;base64,[\w+/=]*/, name);
    const start = known.indexOf(name);
    const place = start < 0 ? null : /^:(\d+):(\d+)/.exec(known.slice(start + name.length));
    if (place) return { file, line: Number(place[1]), column: Number(place[2]) };
  }
  return undefined;
}
