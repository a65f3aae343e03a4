import { win32 } from 'node:path';
import { type Ace, flagOrder, parsePermission, parseSddl, printPermission, printSddl } from '../acls/ace.ts';
import { type Acl, type Acls, readAcls } from '../acls/store.ts';
import { failed, said, type Text } from '../console/console.ts';
import { accountName, sidOf } from '../machine/accounts.ts';
import type { Answer, Call, Language, Machine, Tool } from '../machine/machine.ts';
import { decode } from '../tasks/store.ts';

const notFound = 2;
const badParameter = 87;
const noMapping = 1332;

const texts: Record<'missing' | 'mapping' | 'parameter', Text> = {
  missing: {
    en: 'The system cannot find the file specified.',
    de: 'Das System kann die angegebene Datei nicht finden.',
  },
  mapping: {
    en: 'No mapping between account names and security IDs was done.',
    de: 'Zuordnungen von Kontennamen und Sicherheitskennungen wurden nicht durchgeführt.',
  },
  parameter: { en: 'Invalid parameter', de: 'Ungültiger Parameter' },
};

/** One change of a list, in the order given. */
type Operation = (acl: Acl) => void;

interface Request {
  operations: Operation[];
  save?: string;
  restore?: string;
  deep: boolean;
  quiet: boolean;
}

/**
 * icacls.exe: shows, `/grant[:r]`, `/deny`, `/remove[:g|:d]`, `/inheritance:e|d|r`, `/reset`, `/save`,
 * `/restore`; `/t /c /q`.
 */
export const icacls: Tool = async (call, machine) => {
  const { files, language } = machine;
  const [target, ...rest] = call.args;
  if (target === undefined) return failed(badParameter, `${texts.parameter[language]}\n`);
  const request = readRequest(rest, language);
  if (typeof request === 'string') return failed(badParameter, `${texts.parameter[language]} "${request}"\n`);
  if (typeof request === 'number') return failed(request, `${texts.mapping[language]}\n`);
  const path = win32.resolve(call.cwd, target);
  const acls = await readAcls(files);
  if (request.restore !== undefined) return restore(path, request.restore, acls, call, machine);
  if (!(await files.stat(path))) {
    const none = {
      ...failed(notFound, `${target}: ${texts.missing[language]}\n`),
      stdout: counted(0, 1, language),
    };
    return request.quiet ? { ...none, stdout: '' } : none;
  }
  const paths = request.deep ? await below(path, machine) : [path];
  if (request.save !== undefined) return save(paths, path, request.save, acls, call, machine);
  if (request.operations.length === 0) {
    const shown = await Promise.all(paths.map(async one => show(one, (await acls.read(one))!, language)));
    return said(`${shown.join('')}${counted(paths.length, 0, language)}`);
  }
  for (const one of paths) {
    const acl = (await acls.read(one))!;
    for (const operation of request.operations) operation(acl);
    await acls.write(one, { ...acl, explicit: canonical(acl.explicit) });
  }
  await acls.save();
  const lines = paths.map(one => `processed file: ${one}\n`).join('');
  return said(request.quiet ? '' : `${lines}${counted(paths.length, 0, language)}`);
};

/** The bad option, or the code of an account that nobody knows. */
function readRequest(args: string[], language: Language): Request | string | number {
  const request: Request = { operations: [], deep: false, quiet: false };
  for (let at = 0; at < args.length; at++) {
    const option = args[at]!.toLowerCase();
    const values: string[] = [];
    if (/^\/(grant(:r)?|deny|remove(:[gd])?|save|restore|setowner)$/.test(option)) {
      while (args[at + 1] !== undefined && !args[at + 1]!.startsWith('/')) values.push(args[++at]!);
      if (values.length === 0) return args[at]!;
    }
    if (option === '/t') request.deep = true;
    else if (option === '/q') request.quiet = true;
    else if (option === '/save') request.save = values[0]!;
    else if (option === '/restore') request.restore = values[0]!;
    else if (option === '/reset') request.operations.push(reset);
    else if (/^\/inheritance:[edr]$/.test(option)) request.operations.push(inheritance(option.at(-1)!));
    else if (option.startsWith('/remove')) {
      const kind = { g: 'allow', d: 'deny' }[option.slice(8)];
      for (const value of values) {
        const sid = sidOf(value, language);
        if (sid === undefined) return noMapping;
        request.operations.push(remove(sid, kind));
      }
    } else if (option.startsWith('/grant') || option === '/deny') {
      for (const value of values) {
        const cut = value.lastIndexOf(':');
        const permission = cut < 1 ? undefined : parsePermission(value.slice(cut + 1));
        if (!permission) return value;
        const sid = sidOf(value.slice(0, cut), language);
        if (sid === undefined) return noMapping;
        const type = option === '/deny' ? 'deny' : 'allow';
        request.operations.push(add({ type, sid, ...permission }, option === '/grant:r'));
      }
    } else if (!['/c', '/l', '/setowner'].includes(option)) return args[at]!;
  }
  return request;
}

const reset: Operation = acl => {
  acl.explicit = [];
  acl.isProtected = false;
};

const inheritance =
  (how: string): Operation =>
  acl => {
    if (how === 'd')
      acl.explicit.push(
        ...acl.inherited.map(ace => ({ ...ace, flags: ace.flags.filter(one => one !== 'ID') })),
      );
    if (how !== 'e') acl.inherited = [];
    acl.isProtected = how !== 'e';
  };

const remove =
  (sid: string, kind: string | undefined): Operation =>
  acl => {
    acl.explicit = acl.explicit.filter(ace => ace.sid !== sid || (kind !== undefined && ace.type !== kind));
  };

const add =
  (ace: Ace, replace: boolean): Operation =>
  acl => {
    if (replace) acl.explicit = acl.explicit.filter(one => one.sid !== ace.sid || one.type !== 'allow');
    if (ace.type === 'deny') {
      // Denying takes the same rights out of what was granted.
      acl.explicit = acl.explicit
        .map(one =>
          one.sid === ace.sid && one.type === 'allow' ? { ...one, mask: (one.mask & ~ace.mask) >>> 0 } : one,
        )
        .filter(({ mask }) => mask !== 0);
    }
    const flags = flagOrder.filter(flag => ace.flags.includes(flag));
    const same = acl.explicit.find(
      one => one.sid === ace.sid && one.type === ace.type && one.flags.join() === flags.join(),
    );
    if (same) same.mask = (same.mask | ace.mask) >>> 0;
    else acl.explicit.push({ ...ace, flags });
  };

/** Denials first. */
const canonical = (aces: Ace[]): Ace[] => [
  ...aces.filter(({ type }) => type === 'deny'),
  ...aces.filter(({ type }) => type === 'allow'),
];

async function below(path: string, machine: Machine): Promise<string[]> {
  const { files } = machine;
  const names = (await files.stat(path))?.kind === 'directory' ? ((await files.list(path)) ?? []) : [];
  const all = await Promise.all(names.sort().map(name => below(win32.join(path, name), machine)));
  return [path, ...all.flat()];
}

function show(path: string, { explicit, inherited }: Acl, language: Language): string {
  const entries = [...explicit, ...inherited].map(({ type, flags, mask, sid }) => {
    const shown = [
      ...(flags.includes('ID') ? ['(I)'] : []),
      ...flagOrder
        .slice(0, 4)
        .filter(flag => flags.includes(flag))
        .map(flag => `(${flag})`),
    ];
    return `${accountName(sid, language)}:${type === 'deny' ? '(DENY)' : ''}${shown.join('')}${printPermission(mask)}`;
  });
  const indent = ' '.repeat(path.length + 1);
  return `${path} ${entries.join(`\n${indent}`)}\n\n`;
}

const counted = (good: number, bad: number, language: Language): string =>
  language === 'de'
    ? `${good} Dateien erfolgreich verarbeitet, bei ${bad} Dateien ist ein Verarbeitungsfehler aufgetreten.\n`
    : `Successfully processed ${good} files; Failed processing ${bad} files\n`;

/** UTF-16LE without a byte order mark: a name from the target's folder on, then its SDDL. */
async function save(
  paths: string[],
  target: string,
  file: string,
  acls: Acls,
  call: Call,
  { files, language }: Machine,
): Promise<Answer> {
  const lines: string[] = [];
  for (const path of paths) {
    const { explicit, inherited, isProtected } = (await acls.read(path))!;
    lines.push(
      win32.relative(win32.dirname(target), path),
      printSddl([...explicit, ...inherited], isProtected),
    );
  }
  await files.writeAtomic(
    win32.resolve(call.cwd, file),
    Buffer.from(lines.map(line => `${line}\r\n`).join(''), 'utf16le'),
  );
  return said(counted(paths.length, 0, language));
}

async function restore(
  folder: string,
  file: string,
  acls: Acls,
  call: Call,
  machine: Machine,
): Promise<Answer> {
  const { files, language } = machine;
  const bytes = await files.read(win32.resolve(call.cwd, file));
  if (!bytes) return failed(notFound, `${file}: ${texts.missing[language]}\n`);
  const text = bytes[0] === 0xff ? decode(bytes) : bytes.toString('utf16le');
  const lines = text.split(/\r?\n/).filter(Boolean);
  let done = 0;
  for (let at = 0; at + 1 < lines.length; at += 2) {
    const path = win32.join(folder, lines[at]!);
    const read = parseSddl(lines[at + 1]!);
    if (!read || !(await files.stat(path))) continue;
    await acls.write(path, {
      explicit: read.aces.filter(({ flags }) => !flags.includes('ID')),
      isProtected: read.isProtected,
    });
    done++;
  }
  await acls.save();
  const failures = lines.length / 2 - done;
  return { ...said(counted(done, failures, language)), exitCode: failures > 0 ? notFound : 0 };
}
