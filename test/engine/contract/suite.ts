import { describe, expect, onTestFinished, test } from 'vitest';
import { apply } from '../../../src/engine/apply/apply.ts';
import { canonicalJson } from '../../../src/engine/model/canonical.ts';
import type { CatalogResource } from '../../../src/engine/model/catalog.ts';
import { diff } from '../../../src/engine/model/diff.ts';
import { conflictsAmong, mistakesOf } from '../../../src/engine/model/mistakes.ts';
import { valueAt } from '../../../src/engine/model/pointer.ts';
import type { AnyResourceType } from '../../../src/engine/model/resource-type.ts';
import { isImmutable, notesOf, type OnTarget } from '../../../src/engine/model/schema-at.ts';
import { subjectOf } from '../../../src/engine/model/subject.ts';
import { plan } from '../../../src/engine/plan/planner.ts';
import { adopt } from '../../../src/engine/record/adopt.ts';
import { metaparameters, reservedMetaparameters } from '../../../src/manifest/values/metaparameters.ts';
import { registry } from '../../../src/resources/registry.ts';
import type { ContractWorld, Fixture, Sample } from '../../support/contract.ts';
import { catalogOf, declare, registryOf, testRun } from '../../support/engine-world.ts';
import { mortal } from './mortal.ts';

/** What is checked of every type; docs/contract.md shows them. */
export const checks = {
  says: 'it says what it is',
  wrong: 'all mistakes are told, each at its value',
  owns: 'what it owns is said by properties that are there, once each',
  names: 'what its properties name is a type or a kind of target that there is',
  made: 'what is missing is planned, made, proved, and not planned again',
  covered: 'every property is drifted by the fixture, or it says why it can’t be',
  drift: 'drift of each property is found and repaired, and refused where it is decided for good',
  absent: 'what is to be absent is deleted once',
  meanwhile:
    'what lives elsewhere is not deleted once somebody has changed it since it was planned, unless under a lease',
  killed: 'killed before any durable step, the next run converges',
  parent: 'a missing parent is a failure of the world that names the resource',
  secret: 'a secret is in no plan, event, report or memory',
  pure: 'what is desired is pure JSON, the same each time, and what was applied',
  listed: 'what it lists is declared as it is: a plan changes nothing of it',
  batched: 'several resources are observed in one call',
};

/** The type, and those whose objects its properties name: what isn't declared is looked up by them. */
const around = (type: AnyResourceType): AnyResourceType[] => [
  type,
  ...notesOf(type.schema, 'x-ref').map(name => registry.types.get(String(name))!),
];

const engineOwned = [...Object.keys(metaparameters), ...reservedMetaparameters];

const declared = (
  type: AnyResourceType,
  { title, properties }: Sample,
  ensure: 'present' | 'absent' = 'present',
) => declare(`${type.name}:${title}`, structuredClone(properties), { ensure });

/** Plans, and applies what was planned. */
async function converge(
  type: AnyResourceType,
  of: ContractWorld,
  resources: CatalogResource[],
  world = of.world,
) {
  const run = testRun(around(type), world);
  const planned = await plan(catalogOf(resources, of.targets), run, { engine: '1.0.0' });
  // The contract is about the type, not about what guards it.
  const report = await apply(planned, run, { allow: planned.resources.map(({ address }) => address) });
  return { run, planned, report, actions: planned.resources.map(r => r.action) };
}

async function expectConverged(type: AnyResourceType, of: ContractWorld, resources: CatalogResource[]) {
  const planned = await plan(catalogOf(resources, of.targets), testRun(around(type), of.world), {
    engine: '1.0.0',
  });
  expect(planned.resources.map(({ address, action, fields }) => ({ address, action, fields }))).toEqual(
    planned.resources.map(({ address }) => ({ address, action: 'none', fields: [] })),
  );
}

/** What every resource type promises; `test/support/contract.ts` says what a fixture brings. */
export function contractSuite(type: AnyResourceType, fixture: Fixture, where = ''): void {
  const start = async () => {
    const world = await fixture.start();
    onTestFinished(() => world.close());
    return world;
  };

  describe(`the contract of ${type.name}${where}`, () => {
    test(checks.says, () => {
      expect(type.name).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(type.doc.length).toBeGreaterThan(10);
      expect(Object.keys(propertiesOf(type)).length).toBeGreaterThan(0);
      for (const [name, property] of Object.entries(propertiesOf(type))) {
        expect(property.description, `${name} has no description`).toBeTypeOf('string');
        expect(engineOwned, `${name} belongs to the engine`).not.toContain(name);
      }
    });

    test(checks.wrong, async context => {
      const { wrong } = fixture;
      expect('none' in wrong, 'a type that checks shows what').toBe(type.check === undefined);
      if ('none' in wrong) return context.skip(wrong.none);
      const of = await start();
      const { where } = testRun(around(type), of.world);
      const there = { ...where, ...(wrong.platform && { platform: wrong.platform }) };
      const mistakes = mistakesOf(type, structuredClone(wrong.properties), wrong.title, there);
      expect(mistakes.map(({ pointer }) => pointer)).toEqual(wrong.at);
      for (const { pointer, code, message } of mistakes) {
        if (pointer !== '') expect(valueAt(wrong.properties, pointer), pointer).not.toBeUndefined();
        expect(code).toMatch(/^[a-z][a-z0-9-]+$/);
        expect(message).not.toBe('');
      }
      expect(mistakesOf(type, of.sample(0).properties, of.sample(0).title, where)).toEqual([]);
    });

    test(checks.owns, async () => {
      const of = await start();
      const surroundings = {
        registry: registryOf(...around(type)),
        targets: of.targets,
        where: testRun(around(type), of.world).where,
      };
      const subject = subjectOf(declared(type, of.sample(0)), surroundings);
      for (const { pointer } of subject.claims)
        if (pointer !== '') expect(valueAt(subject.asked.properties, pointer), pointer).not.toBeUndefined();
      const conflicts = conflictsAmong([subject]);
      expect(conflicts.map(({ diagnostic }) => diagnostic.message)).toEqual([]);
    });

    test(checks.names, () => {
      for (const name of notesOf(type.schema, 'x-ref')) expect([...registry.types.keys()]).toContain(name);
      for (const kind of notesOf(type.schema, 'x-target'))
        expect([...registry.targets.keys()]).toContain(kind);
      for (const on of notesOf(type.schema, 'x-on-target'))
        expect([...registry.targets.keys()]).toContain((on as OnTarget).kind);
    });

    test(checks.made, async () => {
      const of = await start();
      const resources = [declared(type, of.sample(0))];
      const { actions, report } = await converge(type, of, resources);
      expect(actions).toEqual([
        type.canBeAbsent === false ? expect.stringMatching(/create|update/) : 'create',
      ]);
      expect(report.results).toMatchObject([{ result: 'changed' }]);
      expect(report.proof).toEqual({ empty: true, pending: [] });
      await expectConverged(type, of, resources);
      const shown = report.results.map(({ shows }) => Object.keys(shows ?? {}).sort());
      expect(shown, 'what `shows` names is in the report').toEqual([Object.keys(type.shows ?? {}).sort()]);
    });

    test(checks.covered, async () => {
      const of = await start();
      const covered = [...Object.keys(of.drift), ...Object.keys(fixture.undriftable)].sort();
      expect(covered).toEqual(Object.keys(propertiesOf(type)).sort());
      const fixed = Object.keys(propertiesOf(type)).filter(name => isImmutable(type.schema, `/${name}`));
      expect(Object.keys(of.drift), 'what is decided for good is drifted').toEqual(
        expect.arrayContaining(fixed),
      );
    });

    test(checks.drift, async () => {
      const names = Object.keys(await start().then(of => of.drift));
      for (const name of names) {
        const of = await start();
        const resources = [declared(type, of.sample(0))];
        await converge(type, of, resources);
        await of.drift[name]!();
        const { actions, report } = await converge(type, of, resources);
        if (isImmutable(type.schema, `/${name}`)) {
          expect(actions, `drift of ${name}`).toEqual(['failed']);
          expect(report.results[0]!.diagnostic).toMatchObject({ code: 'immutable', category: 'world' });
          continue;
        }
        expect(actions, `drift of ${name}`).not.toEqual(['none']);
        expect(report.results, `drift of ${name}`).toMatchObject([{ result: 'changed' }]);
        await expectConverged(type, of, resources);
      }
    });

    if (type.canBeAbsent !== false) {
      test(checks.absent, async () => {
        const of = await start();
        await converge(type, of, [declared(type, of.sample(0))]);
        const gone = [declared(type, of.sample(0), 'absent')];
        const first = await converge(type, of, gone);
        expect(first.actions).toEqual(['delete']);
        expect(first.report.results).toMatchObject([{ result: 'changed' }]);
        await expectConverged(type, of, gone);
        const again = await converge(type, of, gone);
        expect(again.report.results).toMatchObject([{ result: 'unchanged' }]);
      });
    }

    if (type.runs.on === 'remote' && !type.leased && type.canBeAbsent !== false) {
      test(checks.meanwhile, async () => {
        const of = await start();
        await converge(type, of, [declared(type, of.sample(0))]);
        const gone = [declared(type, of.sample(0), 'absent')];
        const run = testRun(around(type), of.world);
        const planned = await plan(catalogOf(gone, of.targets), run, { engine: '1.0.0' });
        const [somebody] = Object.values(of.drift);
        await somebody!();
        const report = await apply(planned, run, { allow: planned.resources.map(({ address }) => address) });
        expect(report.results).toMatchObject([
          { result: 'failed', diagnostic: { code: 'changed-meanwhile', category: 'world' } },
        ]);
        const again = await converge(type, of, gone);
        expect(again.report.results).toMatchObject([{ result: 'changed' }]);
      });
    }

    test(checks.killed, async () => {
      const situations: ((of: ContractWorld) => Promise<CatalogResource[]>)[] = [
        async of => [declared(type, of.sample(0))],
        ...(type.canBeAbsent === false
          ? []
          : [
              async (of: ContractWorld) => {
                await converge(type, of, [declared(type, of.sample(0))]);
                return [declared(type, of.sample(0), 'absent')];
              },
            ]),
      ];
      for (const situation of situations) {
        let steps = 0;
        for (let fatal = 1; ; fatal++) {
          const of = await start();
          const resources = await situation(of);
          const { world, step, killed } = mortal(of.world, fatal);
          const run = testRun(around(type), world, { step });
          const planned = await plan(catalogOf(resources, of.targets), run, { engine: '1.0.0' });
          await apply(planned, run, { allow: resources.map(({ address }) => address) }).catch(
            () => undefined,
          );
          await converge(type, of, resources);
          await expectConverged(type, of, resources);
          if (!killed()) break;
          steps++;
        }
        expect(steps, 'the type names no durable step to io.step').toBeGreaterThan(0);
      }
    });

    test(checks.parent, async context => {
      const of = await start();
      if ('none' in of.orphan) return context.skip(`no parent: ${of.orphan.none}`);
      const { report, planned } = await converge(type, of, [declared(type, of.orphan)]);
      const diagnostics = [...planned.diagnostics, ...report.results.flatMap(r => r.diagnostic ?? [])];
      expect(report.results).toMatchObject([{ result: 'failed' }]);
      expect(diagnostics[0]).toMatchObject({ severity: 'error', address: `${type.name}:${of.orphan.title}` });
      expect(diagnostics.map(d => d.code)).not.toContain('type-bug');
    });

    test(checks.secret, async context => {
      const of = await start();
      if ('none' in of.secret) return context.skip(`takes no secret: ${of.secret.none}`);
      const { text } = of.secret;
      const resources = [declared(type, of.secret)];
      const { planned, report, run } = await converge(type, of, resources);
      expect(report.results).toMatchObject([{ result: 'changed' }]);
      const memory =
        'entries' in of.world.memory ? [...(of.world.memory.entries as Map<string, unknown>)] : [];
      const said = canonicalJson([planned, report, memory]) + JSON.stringify(run.events);
      expect(said).not.toContain(text);
      expect(said).not.toContain(Buffer.from(text).toString('base64'));
      await expectConverged(type, of, resources);
    });

    test(checks.pure, async () => {
      const of = await start();
      const run = testRun(around(type), of.world);
      const resources = [declared(type, of.sample(0))];
      const planned = await plan(catalogOf(resources, of.targets), run, { engine: '1.0.0' });
      await apply(planned, run);
      const surroundings = { registry: registryOf(...around(type)), targets: of.targets, where: run.where };
      const { asked, id } = subjectOf(resources[0]!, surroundings);
      const before = canonicalJson(asked.properties);
      const desired = () => type.desired(asked.properties, id, run.sources);
      expect(canonicalJson(desired())).toBe(canonicalJson(desired()));
      expect(canonicalJson(asked.properties)).toBe(before);
      const seen = run.observed.get(resources[0]!.address)!;
      expect(seen.state).toBe('present');
      if (seen.state === 'present') expect(diff(type, seen.value, desired(), () => true)).toEqual([]);
    });

    test(checks.listed, async context => {
      expect(type.toManifest === undefined, 'list and toManifest go together').toBe(type.list === undefined);
      if (!type.list) return context.skip('nothing is listed');
      const of = await start();
      const { made = [of.sample(0), of.sample(1)], found = made, onlyNamed } = of.listing ?? {};
      await converge(
        type,
        of,
        made.map(one => declared(type, one)),
      );
      const looked = async (titles?: string[], known: CatalogResource[] = []) => {
        const query = { common: of.common ?? {}, ...(titles && { titles }) };
        const before = { types: [type], targets: of.targets, engine: '1.0.0' };
        return adopt(testRun(around(type), of.world), {
          ...before,
          query,
          declared: catalogOf(known, of.targets),
        });
      };
      const run = testRun(around(type), of.world);
      const idOf = (one: Sample) =>
        subjectOf(declared(type, one), {
          registry: registryOf(...around(type)),
          targets: of.targets,
          where: run.where,
        }).id;
      const names = onlyNamed && found.map(({ title }) => title);
      const { adopted, diagnostics } = await looked(names);
      expect(diagnostics).toEqual([]);
      const settled = adopted.filter(({ pending }) => pending === undefined);
      expect(settled.map(idOf)).toEqual(expect.arrayContaining(found.map(idOf)));
      await expectConverged(
        type,
        of,
        settled.map(one => declared(type, one)),
      );
      const samples = found.map(one => declared(type, one));
      expect((await looked(names, samples)).known).toBe(found.length);
      const last = settled.find(one => idOf(one) === idOf(found.at(-1)!))!.title;
      const chosen = await looked([last, 'nobody-has-this-name']);
      expect(chosen.adopted.map(({ title }) => title)).toEqual([last]);
      expect(chosen.diagnostics).toMatchObject([{ severity: 'error', category: 'world' }]);
    });

    test(checks.batched, async context => {
      const of = await start();
      if (of.alone !== undefined) return context.skip(of.alone);
      const calls: number[] = [];
      const counting: AnyResourceType = {
        ...type,
        observe: (asked, io) => {
          calls.push(asked.length);
          return type.observe(asked, io);
        },
      };
      const resources = [0, 1, 2].map(number => declared(type, of.sample(number)));
      await plan(catalogOf(resources, of.targets), testRun(around(counting), of.world), { engine: '1.0.0' });
      expect(calls).toEqual([3]);
    });
  });
}

export const propertiesOf = (type: AnyResourceType): Record<string, { description?: string }> =>
  (type.schema as { properties?: Record<string, { description?: string }> }).properties ?? {};
