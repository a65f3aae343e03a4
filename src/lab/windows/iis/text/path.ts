import { EXIT, failure } from './messages.ts';

/** One step into an element: a child element, or an entry of its collection. */
export type Step =
  | { name: string }
  | { pairs: [name: string, value: string][]; position?: 'start' | 'end' | number };

export interface Operation {
  /** `clear` empties a collection; it comes by `/in` alone. */
  kind: 'set' | 'add' | 'delete' | 'clear';
  steps: Step[];
  /** The attribute of a `set`. */
  attribute?: string;
  value?: string;
  /** As it was given, for messages. */
  given: string;
}

/**
 * Reads what follows `/` or `-`: `a.b:v`, `[k='v'].a:v`, `+a.[k='v']`, `-a.[k='v']`.
 * Throws for brackets that don't close and for `+` or `-` without an index.
 */
export function readOperation(text: string): Operation {
  const sign = text[0] === '+' ? 'add' : text[0] === '-' ? 'delete' : 'set';
  const body = sign === 'set' ? text : text.slice(1);
  const end = valueStart(body);
  const given = end < 0 ? body : body.slice(0, end);
  const steps = readSteps(given);
  if (sign !== 'set') {
    if (!steps.at(-1) || !('pairs' in steps.at(-1)!)) throw unknown(given);
    return { kind: sign, steps, given };
  }
  const last = steps.pop();
  if (!last || !('name' in last) || end < 0) throw unknown(given);
  return { kind: 'set', steps, attribute: last.name, value: body.slice(end + 1), given };
}

const unknown = (given: string) => failure(EXIT.invalidParameter, 'unknownAttribute', given);

/** Where the colon before the value is: not inside brackets. */
function valueStart(text: string): number {
  let quote = '';
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (quote !== '') quote = char === quote ? '' : quote;
    else if (depth > 0 && (char === "'" || char === '"')) quote = char;
    else if (char === '[') depth++;
    else if (char === ']') depth--;
    else if (char === ':' && depth === 0) return at;
  }
  return -1;
}

function readSteps(text: string): Step[] {
  const steps: Step[] = [];
  let rest = text;
  while (rest !== '') {
    if (rest.startsWith('[')) {
      const index = readIndex(rest);
      if (!index) throw unknown(text);
      steps.push(index.step);
      rest = rest.slice(index.length);
    } else {
      const name = /^[^.[\]]+/.exec(rest)?.[0];
      if (name === undefined) throw unknown(text);
      steps.push({ name });
      rest = rest.slice(name.length);
    }
    if (rest.startsWith('.')) rest = rest.slice(1);
  }
  return steps;
}

const PART = /^\s*(?:@(start|end|\d+)|([\w.]+)\s*=\s*(?:'([^']*)'|"([^"]*)"|([^,\]]*)))\s*([,\]])/;

function readIndex(text: string): { step: Step & { pairs: unknown }; length: number } | undefined {
  const step: Extract<Step, { pairs: unknown }> = { pairs: [] };
  let at = 1;
  for (;;) {
    const found = PART.exec(text.slice(at));
    if (!found) return undefined;
    const [whole, position, name, single, double, bare] = found;
    if (position !== undefined)
      step.position = position === 'start' || position === 'end' ? position : Number(position);
    else step.pairs.push([name!, single ?? double ?? bare ?? '']);
    at += whole.length;
    if (found[6] === ']') return { step, length: at };
  }
}
