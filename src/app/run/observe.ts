import { resolve } from 'node:path';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { buildGraph } from '../../engine/graph/graph.ts';
import { subjectsOf } from '../../engine/model/subject.ts';
import { lookupsOf } from '../../engine/observe/lookups.ts';
import { observe as observeAll } from '../../engine/observe/observe.ts';
import { keepingAnswers, type Recording, record } from '../../engine/record/recording.ts';
import { renderRecording } from '../../engine/record/recording-file.ts';
import { expandSelections } from '../../engine/select/members.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions } from '../options.ts';
import { loadCatalog } from '../session/load-catalog.ts';
import { openSession } from '../session/open-session.ts';
import { runOf } from '../session/run-of.ts';

export interface ObserveOptions extends CommonOptions {
  /** The recording is written there. */
  output?: string;
}

export interface Observed {
  recording: Recording;
  diagnostics: Diagnostic[];
}

/** What the manifests' resources really are. Undefined when the manifests have mistakes, which were told. */
export async function observe(
  context: Context,
  paths: string[],
  options: ObserveOptions,
): Promise<Observed | undefined> {
  const catalog = await loadCatalog(context, paths, options);
  if (!catalog) return undefined;
  const { targets, platform } = catalog;
  const session = await openSession(context, options, { targets, platform });
  try {
    const run = runOf(context, session);
    const { ask, answers } = keepingAnswers();
    const { resources, ...expanded } = await expandSelections(catalog, run, { members: ask });
    const surroundings = { registry: context.registry, targets, where: run.where };
    const declared = buildGraph(subjectsOf(resources, surroundings)).subjects;
    // What is named and not declared is recorded too: a plan from the recording asks for it.
    const subjects = [...declared, ...lookupsOf(declared, declared, surroundings).values()];
    const diagnostics = [...expanded.diagnostics, ...(await observeAll(run, subjects))];
    const { recording, ...recorded } = await record(run, subjects, targets, answers);
    if (options.output !== undefined) {
      const { files, cwd } = context.io.host;
      await files.writeAtomic(resolve(cwd, options.output), Buffer.from(renderRecording(recording)));
    }
    return { recording, diagnostics: [...diagnostics, ...recorded.diagnostics] };
  } finally {
    await session.close();
  }
}
