import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { Address } from '../../engine/model/catalog.ts';
import type { Declarations } from '../scope/declared.ts';
import { quoted } from '../syntax/scalar.ts';

type Report = (diagnostic: Diagnostic) => void;

/** Where the modules are used that a resource is in: its own place is the same for all of them. */
export const usesAround = (uses: Declarations['uses'], address: Address) =>
  [...uses]
    .filter(([use]) => address.startsWith(`${use}/`))
    .map(([use, { at }]) => ({ message: `${quoted(use)} is used here`, at }));

/** Mistakes that show when all is read: inside a module they also show its uses, once for all of them. */
export function withUses(uses: Declarations['uses'], report: Report): Report {
  const told = new Set<string>();
  return diagnostic => {
    const { address, at, code, message, related = [] } = diagnostic;
    const around = address === undefined ? [] : usesAround(uses, address);
    if (around.length === 0) return report(diagnostic);
    const outermost = [...uses.keys()].filter(use => address!.startsWith(`${use}/`));
    const inside = outermost.reduce((text, use) => text.replaceAll(`${use}/`, ''), message);
    const key = JSON.stringify([code, inside, at]);
    if (told.has(key)) return;
    told.add(key);
    report({ ...diagnostic, related: [...related, ...around] });
  };
}
