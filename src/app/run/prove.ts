import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { world } from '../../diagnostics/diagnostic.ts';
import { apply } from '../../engine/apply/apply.ts';
import type { Catalog } from '../../engine/model/catalog.ts';
import { isPending } from '../../engine/model/plan.ts';
import { plan } from '../../engine/plan/planner.ts';
import { exitCode } from '../../engine/report/exit-code.ts';
import type { VmSelection } from '../../resources/vsphere/select-vms.ts';
import type { Context } from '../app-context.ts';
import { openLabAt } from '../lab/open-lab.ts';
import { type CatalogOptions, loadCatalog } from '../session/load-catalog.ts';
import { openSession } from '../session/open-session.ts';
import { runOf } from '../session/run-of.ts';
import { version } from '../version.ts';

/** Whether manifests converge. */
export interface Proved {
  /** Exit code. */
  code: number;
  /** How many changes were made; undefined when a second plan isn't empty. */
  changed?: number;
}

/**
 * Applies manifests to a scratch lab, and plans a second time. Undefined when the manifests have mistakes,
 * which were told, as is whatever fails.
 */
export async function prove(
  context: Context,
  paths: string[],
  options: CatalogOptions,
): Promise<Proved | undefined> {
  const catalog = await loadCatalog(context, paths, { ...options, lab: true });
  if (!catalog) return undefined;
  const dir = await mkdtemp(join(tmpdir(), 'converge-lab-'));
  try {
    return await twice(context, catalog, join(dir, 'lab'));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function twice(context: Context, catalog: Catalog, lab: string): Promise<Proved> {
  await addVms(context, catalog, lab);
  const session = await openSession(
    context,
    { lab, lockTimeout: 0 },
    { targets: catalog.targets, platform: catalog.platform, declared: catalog, changes: true },
  );
  try {
    const reporter = await context.reporter.run(() => session.world.host.clock.now());
    const run = runOf(context, session, reporter.event);
    const first = await plan(catalog, run, { engine: version });
    reporter.begin(first);
    const report = await apply(first, run, { allow: first.resources.map(({ address }) => address) })
      .finally(reporter.settled)
      .finally(reporter.close);
    const failed = report.results.flatMap(({ diagnostic }) => diagnostic ?? []);
    context.reporter.diagnostics([...first.diagnostics, ...failed, ...report.diagnostics]);
    const made = exitCode({ plan: first, report });
    if (made !== 0) return { code: made };

    const second = await plan(catalog, runOf(context, session), { engine: version });
    const left = second.resources.filter(isPending).map(({ address, at }) =>
      world('not-convergent', `\`${address}\` would change again in the second plan`, {
        address,
        at,
        hint: 'what it declares and what is then observed differ; `converge plan` with a lab of your own shows how',
      }),
    );
    context.reporter.diagnostics([...second.diagnostics, ...left]);
    const changed = report.results.filter(({ result }) => result === 'changed').length;
    const code = exitCode({ plan: second, diagnostics: left });
    return { code, ...(left.length === 0 && { changed }) };
  } finally {
    await session.close();
  }
}

const disk = { bytes: 4 * 2 ** 20 };

/** A VM that a selection takes, so that what it declares is tried on something. */
function fitting({ folder, tag, name }: VmSelection, number: number) {
  const first = (words: string | string[] | undefined) => (Array.isArray(words) ? words[0] : words);
  const path = first(folder)?.replace(/^\/.*?\/vm(\/|$)/, '');
  const tagName = first(tag);
  return {
    name: first(name)?.replace(/[*?]/g, 'x') ?? `selected-${number}`,
    ...(path && { folder: path }),
    ...(tagName !== undefined && { tags: [tagName] }),
  };
}

/** A VM for each that the manifests protect, by name or instance UUID, and one for each selection of many. */
async function addVms(context: Context, { resources }: Catalog, dir: string): Promise<void> {
  const lab = await openLabAt(context, dir, { seeded: false, lockTimeout: 0 });
  try {
    const vms = resources.filter(({ type }) => type === 'protected_vm');
    for (const [number, { select }] of vms.filter(({ select }) => select !== undefined).entries())
      await lab.command({ do: 'add-vm', disks: [disk], ...fitting(select as VmSelection, number) });
    const titles = new Set(vms.filter(({ select }) => select === undefined).map(({ title }) => title));
    for (const name of titles) {
      const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(name);
      await lab.command({
        do: 'add-vm',
        name,
        disks: [disk],
        ...(isUuid && { uuid: name }),
      });
    }
  } finally {
    await lab.close();
  }
}
