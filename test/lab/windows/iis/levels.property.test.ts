import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Host, iisHost, lines, run } from './fixture.ts';

const SITE = 'Default Web Site';
/** The server, a location tag of it, the site's web.config: each inherits from the one before. */
const LEVELS = [[], [SITE, '/commit:apphost'], [SITE]] as const;

/** What a level says: entries that it hides, and its own. */
interface Level {
  hidden: Set<string>;
  own: Map<string, string>;
}

type Edit = { level: number; extension: string; type: string; do: 'add' | 'change' | 'delete' };
const edit: fc.Arbitrary<Edit> = fc.record({
  level: fc.nat(2),
  extension: fc.constantFrom('.css', '.js', '.0', '.1', '.2'),
  type: fc.constantFrom('a/a', 'b/b', 'c/c'),
  do: fc.constantFrom('add' as const, 'change' as const, 'delete' as const),
});

function inForce(levels: Level[], level: number): Map<string, string> {
  if (level < 0) return new Map();
  const all = inForce(levels, level - 1);
  for (const extension of levels[level]!.hidden) all.delete(extension);
  for (const [extension, type] of levels[level]!.own) all.set(extension, type);
  return all;
}

/** The exit code that appcmd should end with. */
function simulate(levels: Level[], { level, extension, type, do: what }: Edit): number {
  const { own, hidden } = levels[level]!;
  const there = inForce(levels, level).has(extension);
  if (what === 'add') {
    if (there) return 183;
    own.set(extension, type);
    return 0;
  }
  if (!there) return 4312;
  if (!own.has(extension)) hidden.add(extension);
  if (what === 'change') own.set(extension, type);
  else own.delete(extension);
  return 0;
}

async function shown(host: Host, place: string): Promise<[string, string][]> {
  const text = (await lines(host, 'list', 'config', place, '/section:staticContent')).join();
  return [...text.matchAll(/fileExtension="([^"]*)" mimeType="([^"]*)"/g)].map(found => [
    found[1]!,
    found[2]!,
  ]);
}

test('entries edited at any level are in force as the levels together say', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 15 }), async edits => {
      const host = await iisHost('en', ['IIS-StaticContent']);
      const levels: Level[] = LEVELS.map(() => ({ hidden: new Set(), own: new Map() }));
      levels[0]!.own = new Map(await shown(host, ''));
      for (const one of edits) {
        // A level above that adds what one below has is an error of configuration, not of this command.
        if (one.do === 'add' && one.extension !== `.${one.level}`) continue;
        const operation = {
          add: `/+[fileExtension='${one.extension}',mimeType='${one.type}']`,
          change: `/[fileExtension='${one.extension}'].mimeType:${one.type}`,
          delete: `/-[fileExtension='${one.extension}']`,
        }[one.do];
        const args = ['set', 'config', '/section:staticContent', ...LEVELS[one.level]!, operation];
        const { exitCode } = await run(host, args);
        expect({ one, exitCode }).toEqual({ one, exitCode: simulate(levels, one) });
      }
      expect((await shown(host, '')).sort()).toEqual([...inForce(levels, 0)].sort());
      expect((await shown(host, SITE)).sort()).toEqual([...inForce(levels, 2)].sort());
    }),
    { numRuns: 40 },
  );
});
