import { join } from 'node:path';
import { type Diagnostic, Failure, world } from '../../diagnostics/diagnostic.ts';
import { HostLock } from '../../engine/apply/host-lock.ts';
import { plan as makePlan } from '../../engine/plan/planner.ts';
import { exitCode } from '../../engine/report/exit-code.ts';
import { lockFolder } from '../../io/locks/lock-folder.ts';
import { type Asking, notBefore, remember } from '../../masterless/content/accept.ts';
import { keepContent } from '../../masterless/content/last-known-good.ts';
import { readInstanceState, writeInstanceState } from '../../masterless/instance/instance-state.ts';
import type { Statement } from '../../masterless/trust/envelope.ts';
import { assertOwnState } from '../../masterless/trust/trusted-files.ts';
import { type Context, makeContext } from '../app-context.ts';
import type { SelectOptions } from '../options.ts';
import { type Applied, applyInSession, type RunOptions } from '../run/apply-in-session.ts';
import { loadCatalog } from '../session/load-catalog.ts';
import { machineLocks } from '../session/machine-locks.ts';
import { openSession } from '../session/open-session.ts';
import { version } from '../version.ts';
import { contentFiles } from './content-files.ts';
import { type Ended, instanceReport, type SelfRun, sendReport } from './instance-report.ts';
import { describeContent, type Obtained, obtainContent } from './obtain-content.ts';
import type { Self } from './open-self.ts';
import type { SelfOptions } from './self-options.ts';
import { whoCanChange } from './who-can-change.ts';

export type ConvergeSelfOptions = SelfOptions & SelectOptions & RunOptions;

/**
 * One run of this instance: takes the lock, fetches and verifies, applies exactly what was verified,
 * remembers and reports. Gives the exit code; what failed has been told. Rejects with a Failure when another
 * run holds the lock: then nothing was done.
 * @param copy gets all that is said as text: the log
 */
export async function convergeSelf(
  { io, makeReporter }: Context,
  self: Self,
  options: ConvergeSelfOptions,
  run: SelfRun,
  copy: (text: string) => void,
): Promise<number> {
  const told: Diagnostic[] = [];
  // A context of its own: an agent's next content may have other types, and other files.
  const { reporter, ...made } = makeContext(io, makeReporter, copy);
  const context: Context = {
    ...made,
    reporter: {
      ...reporter,
      diagnostics(found) {
        told.push(...found);
        reporter.diagnostics(found);
      },
    },
  };
  // Each instance of a lab is a host of its own.
  const folder = self.lab ? join(self.stateDir, 'locks') : lockFolder(io.host);
  const locks = machineLocks(io.host, folder, options.lockTimeout);
  const host = new HostLock(locks, io.interrupt, { whole: true });
  await host.hold();
  try {
    const { code, ...ended } = await applyVerified(context, self, options, told, host);
    const final = code === 0 && context.strays.length > 0 ? 4 : code;
    if (options.noop) return final;
    const whole = !options.only && !options.except;
    await conclude(context, self, run, { ...ended, code: final, told }, whole);
    return final;
  } finally {
    await host.end();
  }
}

/** From the bucket to a converged instance. Refusals are told, and leave everything as it was. */
async function applyVerified(
  context: Context,
  self: Self,
  options: ConvergeSelfOptions,
  told: readonly Diagnostic[],
  host: HostLock,
): Promise<Omit<Ended, 'told'>> {
  let obtained: Obtained | undefined;
  try {
    obtained = await accept(context, self, options);
    const applied = await applyContent(context, self, obtained, options, host);
    if (!applied) return { code: exitCode({ diagnostics: told }), obtained };
    return { code: applied.code, obtained, report: applied.report };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    context.reporter.diagnostics(error.diagnostics);
    return { code: exitCode({ diagnostics: error.diagnostics }), obtained };
  }
}

/** Fetches, verifies, and remembers what was accepted before anything of it is used. */
async function accept(context: Context, self: Self, options: ConvergeSelfOptions): Promise<Obtained> {
  const { files } = context.io.host;
  const { environment, clock, stateDir } = self;
  // A lab's own folder is whoever's the lab is.
  if (!self.lab || options.state !== undefined)
    await assertOwnState(stateDir, files, whoCanChange(context.io.host));
  const state = await readInstanceState(files, stateDir);
  const [clockSays, last] = [clock.now(), Date.parse(state.time ?? '1970-01-01')];
  const now = Math.max(clockSays, last);
  const expired: Statement[] = [];
  const asking: Asking = {
    environment,
    now,
    ...(clockSays < last && { clock: clockSays }),
    version,
    seen: state.seen,
    onExpired: statement => expired.push(statement),
  };
  try {
    const obtained = await obtainContent(context, self, options, asking);
    const { signed } = obtained.content;
    if (signed && !options.noop) {
      const seen = remember(signed.statement, signed.sha256, state.seen);
      await writeInstanceState(files, stateDir, { ...state, seen, time: notBefore(now) });
    }
    return obtained;
  } catch (error) {
    const time = expired[0] ? notBefore(now, expired[0]) : undefined;
    if (time !== undefined && Date.parse(time) > last && !options.noop)
      await writeInstanceState(files, stateDir, { ...state, time });
    throw error;
  }
}

/** Undefined when the manifests have mistakes, which were told. */
async function applyContent(
  context: Context,
  self: Self,
  obtained: Obtained,
  options: ConvergeSelfOptions,
  host: HostLock,
): Promise<Applied | undefined> {
  const { name, signed } = obtained.content;
  const described = describeContent(obtained, self);
  const { instance, environment } = self;
  context.reporter.notice({ type: 'content', instance, environment, content: described });
  if (!signed) context.reporter.diagnostics([unsigned(described.url)]);
  const root = join(self.stateDir, 'content');
  const files = await contentFiles(obtained.content, root, context.io.host.files);
  const layer = (await files.stat(join(root, 'data', `${self.environment}.yaml`))) && self.environment;
  const env = options.env ?? layer;
  const { env: _, ...others } = options;
  const catalog = await loadCatalog(context, [name.endsWith('.zip') ? root : join(root, name)], {
    ...others,
    ...(env !== undefined && { env }),
    content: { files, cwd: root },
  });
  if (!catalog) return undefined;
  const session = await openSession(
    context,
    { ...options, state: self.stateDir },
    {
      targets: catalog.targets,
      platform: catalog.platform,
      declared: catalog,
      content: { files, cwd: root },
      changes: true,
      ...(self.lab && { lab: self.lab }),
    },
  );
  try {
    const source = {
      targets: catalog.targets,
      isHere: true,
      plan: (started: Parameters<typeof makePlan>[1]) =>
        makePlan(catalog, started, { engine: version, ...options }),
    };
    return await applyInSession(session, context, source, options, { content: described, host });
  } finally {
    await session.close();
  }
}

/**
 * Keeps what converged, and tells the bucket how it went.
 * @param whole all of the content was applied; of a selection nobody knows that the rest converges
 */
async function conclude(
  context: Context,
  self: Self,
  run: SelfRun,
  ended: Ended,
  whole: boolean,
): Promise<void> {
  const { files } = context.io.host;
  const report = instanceReport(self, run, ended);
  const content = whole && report.result === 'converged' ? ended.obtained?.content : undefined;
  if (content && ended.obtained?.from === 's3') await keepContent(files, self.stateDir, content);
  const state = await readInstanceState(files, self.stateDir).catch(() => undefined);
  const done = run.rollout !== undefined && !ended.report?.interrupted;
  if (state && (content || done))
    await writeInstanceState(files, self.stateDir, {
      ...state,
      ...(content && { applied: content.signed?.sha256 ?? content.sha256 }),
      ...(done && { rollout: run.rollout! }),
    });
  await sendReport(context, self, report);
}

const unsigned = (url: string): Diagnostic => ({
  ...world('unsigned-content', `${url} was taken without a signature: whoever can write there rules here`, {
    hint: 'sign it with `converge sign`, and leave out --insecure-unsigned',
  }),
  severity: 'warning',
});
