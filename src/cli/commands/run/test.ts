import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CatalogOptions, loadCatalog } from '../../../app/catalog.ts';
import { openLabAt } from '../../../app/lab/lab-dir.ts';
import { openSession } from '../../../app/open-session.ts';
import { version } from '../../../app/version.ts';
import { world } from '../../../diagnostics/diagnostic.ts';
import { apply } from '../../../engine/apply/apply.ts';
import type { Catalog } from '../../../engine/model/catalog.ts';
import { isPending } from '../../../engine/model/plan.ts';
import { startRun } from '../../../engine/model/run.ts';
import { plan } from '../../../engine/plan/planner.ts';
import { exitCode } from '../../../engine/report/exit-code.ts';
import { plural } from '../../../io/units.ts';
import type { VmSelection } from '../../../resources/vsphere/select-vms.ts';
import type { CliContext } from '../../cli-context.ts';
import type { Define } from '../../define.ts';
import { withData } from '../../options.ts';
import { progressFor } from '../../progress/choose.ts';

export const test: Define = (program, context, exit) => {
  withData(
    program
      .command('test [PATHS...]')
      .description('apply manifests to a scratch lab twice; fails when the second plan is not empty'),
  )
    .addHelpText(
      'after',
      '\nExample:\n  converge test manifests\n\nEvery protected VM gets a small disk there. Nothing leaves this machine.',
    )
    .action(async (paths: string[], options: CatalogOptions) => {
      const catalog = await loadCatalog(context, paths, { ...options, lab: true });
      if (!catalog) return exit(1);
      const dir = await mkdtemp(join(tmpdir(), 'converge-lab-'));
      try {
        exit(await twice(context, catalog, join(dir, 'lab')));
      } finally {
        await rm(dir, { recursive: true, force: true });
      }
    });
};

async function twice(context: CliContext, catalog: Catalog, lab: string): Promise<number> {
  await addVms(context, catalog, lab);
  const session = await openSession(
    context,
    { lab, lockTimeout: 0 },
    { targets: catalog.targets, platform: catalog.platform, exclusive: true },
  );
  try {
    const { interrupt: signal } = context.io;
    const start = (listener?: Parameters<typeof startRun>[0]['listener']) =>
      startRun({
        registry: context.registry,
        world: session.world,
        signal,
        redactor: context.redactor,
        ...(listener && { listener }),
      });
    const progress = await progressFor(context.io);
    const run = start(progress.listener);
    const first = await plan(catalog, run, { engine: version });
    progress.begin(first);
    const report = await apply(first, run, { allow: first.resources.map(({ address }) => address) }).finally(
      progress.done,
    );
    const failed = report.results.flatMap(({ diagnostic }) => diagnostic ?? []);
    context.report([...first.diagnostics, ...failed, ...report.diagnostics]);
    const made = exitCode({ plan: first, report });
    if (made !== 0) return made;

    const second = await plan(catalog, start(), { engine: version });
    const left = second.resources.filter(isPending).map(({ address, at }) =>
      world('not-convergent', `\`${address}\` would change again in the second plan`, {
        address,
        at,
        hint: 'what it declares and what is then observed differ; `converge plan` with a lab of your own shows how',
      }),
    );
    context.report([...second.diagnostics, ...left]);
    const changed = report.results.filter(({ result }) => result === 'changed').length;
    if (left.length === 0) context.print(`${plural(changed, 'change')}; a second plan is empty\n`);
    return exitCode({ plan: second, diagnostics: left });
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
async function addVms(context: CliContext, { resources }: Catalog, dir: string): Promise<void> {
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
