import { notAParameter } from './messages.ts';
import { type Operation, readOperation } from './path.ts';

/** A command line, read. */
export interface Arguments {
  verb: string;
  kind: string;
  identifier?: string;
  output: {
    xml: boolean;
    /** `set`: what is set; `all`: everything that takes effect. */
    config?: 'set' | 'all';
    /** `*` or one property. */
    text?: string;
  };
  /** Objects come from stdin. */
  input: boolean;
  commit?: string;
  /** What isn't said about every command, by lower-case name: `site.name`, `section`, `state`, `path` ... */
  parameters: Map<string, string>;
  /** The same and the rest, as operations on the object's configuration. */
  operations: Operation[];
  help: boolean;
}

const GENERAL = new Set(['xml', 'in', 'config', 'text', 'commit', 'debug']);

/** Throws (87) for what begins with neither `/` nor `-`. */
export function readArguments(argv: readonly string[]): Arguments {
  const [verb = '', kind = '', ...rest] = argv;
  const read: Arguments = {
    verb: verb.toLowerCase(),
    kind: kind.toLowerCase(),
    output: { xml: false },
    input: false,
    parameters: new Map(),
    operations: [],
    help: /^[/-]\?$/.test(verb) || /^[/-]\?$/.test(kind),
  };
  for (const [at, argument] of rest.entries()) {
    if (argument === '-') read.input = true;
    else if (/^[/-]/.test(argument)) readParameter(read, argument.slice(1));
    else if (at === identifierPlace(rest) && read.identifier === undefined) read.identifier = argument;
    else throw notAParameter(argument);
  }
  return read;
}

/** An identifier may be behind `-in`, as the documentation's `set config -in "Default Web Site"` has it. */
const identifierPlace = (rest: readonly string[]): number =>
  rest.findIndex(argument => !/^[/-]/.test(argument));

function readParameter(read: Arguments, text: string): void {
  const plain = text.startsWith('!');
  const body = plain ? text.slice(1) : text;
  const [, name = '', value] = /^([^:]*)(?::([\s\S]*))?$/.exec(body)!;
  const lower = name.toLowerCase();
  if (!plain && lower === '?') read.help = true;
  else if (!plain && GENERAL.has(lower)) general(read, lower, value);
  else {
    if (/^[\w.]+$/.test(name) && value !== undefined) read.parameters.set(lower, value);
    else if (/^\w+$/.test(name)) read.parameters.set(lower, '');
    read.operations.push(operation(body));
  }
}

/** `search config /enabled` names an attribute without a value. */
function operation(text: string): Operation {
  if (/^\w+$/.test(text)) return { kind: 'set', steps: [], attribute: text, given: text };
  return readOperation(text);
}

function general(read: Arguments, name: string, value: string | undefined): void {
  if (name === 'xml') read.output.xml = true;
  else if (name === 'in') read.input = true;
  else if (name === 'config') read.output.config = value === '*' ? 'all' : 'set';
  else if (name === 'text') read.output.text = value ?? '*';
  else if (name === 'commit') read.commit = value ?? 'url';
}

/** The parameters that aren't among the names given, as operations on configuration. */
export function operationsBut(read: Arguments, names: readonly string[]): Operation[] {
  return read.operations.filter(each => {
    const bare = each.kind === 'set' && each.steps.every(step => 'name' in step);
    return !(bare && names.includes(each.given.toLowerCase()));
  });
}
