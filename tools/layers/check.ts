import { dirname, join } from 'node:path/posix';
import { circles } from './circles.ts';
import type { Import } from './imports.ts';

/** Who may import whom. Rooms are folders below `src`, `.` is `src` itself. */
export interface Layers {
  /**
   * Each room with the rooms it may import, lowest first: a room may only name rooms above its own line. A
   * name that ends with a star stands for a room with all rooms inside it.
   */
  rooms: Readonly<Record<string, readonly string[]>>;
  /**
   * Packages and modules of Node by the rooms that may import them; `*` is everybody. `a/` is all of a scope.
   */
  packages: Readonly<Record<string, readonly string[]>>;
  /** Files beside `src` that may be imported, by room. */
  outside: Readonly<Record<string, readonly string[]>>;
  /** Files that may import what is only known when they run. */
  computed: readonly string[];
}

/** How many files may lie side by side in a room before it wants rooms of its own. */
const roomSize = 20;

const covers = (names: readonly string[], room: string) =>
  names.some(
    name =>
      name === '*' || name === room || (name.endsWith('/*') && `${room}/`.startsWith(name.slice(0, -1))),
  );

const shownRoom = (room: string) => (room === '.' ? 'src' : `src/${room}`);

/** What is wrong with the table itself. */
const wrongRows = ({ rooms, packages, outside }: Layers): string[] => {
  const order = Object.keys(rooms);
  const rows = order.flatMap((room, at) =>
    rooms[room]!.filter(name => !order.slice(0, at).some(earlier => covers([name], earlier))).map(
      name => `${room} names ${name}, which is not above it`,
    ),
  );
  const users = Object.entries({ ...packages, ...outside }).flatMap(([what, names]) =>
    names
      .filter(name => name !== '*' && !order.some(room => covers([name], room)))
      .map(name => `${what} names ${name}, which is not a room`),
  );
  return [...rows, ...users].map(wrong => `tools/layers/table.ts: ${wrong}`);
};

const wrongRooms = (files: readonly string[], { rooms }: Layers): string[] => {
  const inRoom = Map.groupBy(
    files.filter(file => file.endsWith('.ts') && !file.endsWith('.d.ts')),
    file => dirname(file),
  );
  const unknown = [...inRoom.keys()].filter(room => !(room in rooms));
  const empty = Object.keys(rooms).filter(room => !files.some(file => dirname(file) === room));
  return [
    ...unknown.map(room => `${shownRoom(room)}: the table doesn't know this room; say what it may import`),
    ...empty.map(room => `tools/layers/table.ts: ${shownRoom(room)} has no file`),
    ...[...inRoom].flatMap(([room, all]) =>
      all.length > roomSize
        ? [`${shownRoom(room)}: ${all.length} files side by side, more than ${roomSize}; split it by subject`]
        : [],
    ),
  ];
};

/**
 * Everything that is wrong with the imports of `src`, each with its place and what would be right. `files` is
 * what each file imports by its path below `src`.
 */
export const checkLayers = (files: ReadonlyMap<string, readonly Import[]>, layers: Layers): string[] => {
  const order = Object.keys(layers.rooms);
  const edges = new Map<string, Set<string>>();

  const wrongPackage = (room: string, specifier: string): string | undefined => {
    const known = Object.keys(layers.packages).find(
      name => specifier === name || specifier.startsWith(name.endsWith('/') ? name : `${name}/`),
    );
    if (known === undefined) return `the table doesn't know ${specifier}; say which rooms may import it`;
    const users = layers.packages[known]!;
    return covers(users, room) ? undefined : `${specifier} is for ${users.join(', ')} alone`;
  };

  const wrongRoom = (from: string, to: string): string | undefined => {
    if (from === to || !(from in layers.rooms)) return undefined;
    const allowed = layers.rooms[from]!;
    if (covers(allowed, to) && order.indexOf(to) < order.indexOf(from)) return undefined;
    const may = allowed.filter(name => name !== from).join(', ') || 'no other room';
    return `${shownRoom(from)} may not import ${shownRoom(to)}; it may import ${may}`;
  };

  const wrongImport = (file: string, specifier: string | undefined): string | undefined => {
    if (specifier === undefined) {
      if (layers.computed.includes(file)) return undefined;
      return 'a computed import can name anything; write its path';
    }
    if (!specifier.startsWith('.')) return wrongPackage(dirname(file), specifier);
    const target = join(dirname(file), specifier);
    if (target.startsWith('../')) {
      const users = layers.outside[target.slice('../'.length)];
      return users && covers(users, dirname(file)) ? undefined : `${specifier} leaves src`;
    }
    if (files.has(target)) edges.set(file, (edges.get(file) ?? new Set()).add(target));
    return wrongRoom(dirname(file), dirname(target));
  };

  const imports = [...files].flatMap(([file, all]) =>
    all.flatMap(({ specifier, line, column }) => {
      const wrong = wrongImport(file, specifier);
      return wrong ? [`src/${file}:${line}:${column}: ${wrong}`] : [];
    }),
  );
  const around = circles(edges).map(
    circle => `src/${circle[0]}: imports run around: ${[...circle, circle[0]].join(' -> ')}`,
  );
  return [...wrongRows(layers), ...wrongRooms([...files.keys()], layers), ...imports, ...around];
};
