/** What a value must look like. */
export interface AttributeSchema {
  name: string;
  type: 'bool' | 'enum' | 'flags' | 'uint' | 'int' | 'int64' | 'string' | 'timeSpan';
  /** The names of an enum or of flags. */
  names: string[];
  key: boolean;
  required: boolean;
  encrypted: boolean;
  caseSensitive: boolean;
  nonEmpty: boolean;
  /** Names and paths that IIS checks by a rule of their own. */
  check?: 'applicationPoolName' | 'siteName' | 'applicationPath' | 'virtualDirectoryPath';
  /** Inclusive; a time span in seconds. */
  range?: { from: number; to: number; step: number };
  default?: string;
}

export interface CollectionSchema {
  item: ElementSchema;
  remove?: string;
  clear?: string;
  /** Entries of a deeper level come before the inherited ones. */
  prepend: boolean;
  /** Sibling element that holds defaults for the entries. */
  defaults?: string;
}

export interface ElementSchema {
  name: string;
  attributes: AttributeSchema[];
  elements: ElementSchema[];
  collections: CollectionSchema[];
}

/** Case-insensitive equality, as names and keys are compared in IIS. */
export const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/**
 * Reads the tables of this folder, one thing a line, nested by two spaces:
 *
 *     section PATH                       a configuration section
 *     NAME{                              a child element
 *     * ADD REMOVE CLEAR [prepend] [defaults=NAME]     a collection; `-` where there is no such element
 *     NAME[!] TYPE [required] [encrypted] [cased] [nonempty] [CHECK] [FROM..TO[/STEP]] [= DEFAULT]
 *     NAME like *ITEM                    an element with the attributes and elements of that collection's
 *     entries
 *
 * `!` marks a key; enum and flags list their names in parentheses, `|` between them.
 */
export function readSchema(table: string): Map<string, ElementSchema> {
  const sections = new Map<string, ElementSchema>();
  const open: { indent: number; element: ElementSchema }[] = [];
  for (const line of table.split('\n')) {
    const text = line.trim();
    if (text === '') continue;
    const indent = line.length - line.trimStart().length;
    while (open.length > 0 && open.at(-1)!.indent >= indent) open.pop();
    const parent = open.at(-1)?.element;
    const enter = (name: string): ElementSchema => {
      const made: ElementSchema = { name, attributes: [], elements: [], collections: [] };
      open.push({ indent, element: made });
      return made;
    };
    const [head = '', ...words] = text.split(' ');
    if (head === 'section') sections.set(words[0]!, enter(words[0]!));
    else if (head === '*') parent!.collections.push(collection(words, enter(words[0]!)));
    else if (head.endsWith('{')) parent!.elements.push(enter(head.slice(0, -1)));
    else if (words[0] === 'like') parent!.elements.push(likeItem(parent!, head, words[1]!.slice(1)));
    else parent!.attributes.push(attribute(text));
  }
  return sections;
}

function collection(words: string[], item: ElementSchema): CollectionSchema {
  const [, remove = '-', clear = '-', ...options] = words;
  const defaults = options.find(option => option.startsWith('defaults='))?.slice('defaults='.length);
  return {
    item,
    ...(remove === '-' ? {} : { remove }),
    ...(clear === '-' ? {} : { clear }),
    ...(defaults === undefined ? {} : { defaults }),
    prepend: options.includes('prepend'),
  };
}

function likeItem(parent: ElementSchema, name: string, item: string): ElementSchema {
  const like = parent.collections.find(each => each.item.name === item)!.item;
  const attributes = like.attributes.map(each => ({ ...each, key: false, required: false }));
  return { name, attributes, elements: like.elements, collections: [] };
}

const LINE = /^(\w+)(!?) (\w+)(?:\(([^)]*)\))?((?: (?!= |=$)\S+)*)(?: = (.*))?$/;

function attribute(text: string): AttributeSchema {
  const found = LINE.exec(text);
  if (!found) throw new Error(`schema line: ${text}`);
  const [, name, key, type, names, options = '', fallback] = found;
  const check = / (applicationPoolName|siteName|applicationPath|virtualDirectoryPath)/.exec(options);
  const range = /(-?\d+)\.\.(\d+)(?:\/(\d+))?/.exec(options);
  return {
    name: name!,
    type: type as AttributeSchema['type'],
    names: names?.split('|') ?? [],
    key: key === '!',
    required: key === '!' || / required/.test(options),
    encrypted: / encrypted/.test(options),
    caseSensitive: / cased/.test(options),
    nonEmpty: / nonempty/.test(options),
    ...(check ? { check: check[1] as NonNullable<AttributeSchema['check']> } : {}),
    ...(range
      ? { range: { from: Number(range[1]), to: Number(range[2]), step: Number(range[3] ?? 1) } }
      : {}),
    ...(fallback === undefined ? {} : { default: fallback }),
  };
}
