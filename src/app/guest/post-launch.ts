import { dirname, join, resolve } from 'node:path';
import { type Diagnostic, Failure, given } from '../../diagnostics/diagnostic.ts';
import { plan as makePlan } from '../../engine/plan/planner.ts';
import { writeDevice } from '../../io/devices/write-device.ts';
import { filesByRoot, memoryFiles } from '../../io/memory-files.ts';
import { retry } from '../../io/retry.ts';
import { digestOf, readManifestFiles } from '../../recovery/guest/manifests.ts';
import type { GuestOrder } from '../../recovery/guest/order.ts';
import { type GuestReport, reportLine } from '../../recovery/guest/report.ts';
import { type Context, makeContext } from '../app-context.ts';
import { metadataHere } from '../aws/instance.ts';
import type { CommonOptions, ContentFiles } from '../options.ts';
import { type Applied, applyInSession } from '../run/apply-in-session.ts';
import { systemPlaces } from '../self/system-places.ts';
import { whoCanChange } from '../self/who-can-change.ts';
import { loadCatalog, shippedModules } from '../session/load-catalog.ts';
import { openSession } from '../session/open-session.ts';
import { version } from '../version.ts';
import { mayBeInstance, orderHere } from './ask-instance.ts';

export interface PostLaunchOptions extends CommonOptions {
  /** Where reports are written: a serial port. */
  console: string;
  /** Milliseconds that the tag of the instance is waited for. */
  wait: number;
}

/** How a recovered machine converged itself. `nothing`: nobody asked it to. */
export type PostLaunched = { done: 'nothing'; why: string } | { done: GuestReport['state']; code: number };

/**
 * Converges this machine by the manifests that are on its own disk, if a tag of its instance says so, and
 * reports on its serial console; on any other machine, and on an instance of no failover, it does nothing.
 *
 * @param path file or folder of manifests
 * @throws Failure `post-launch-order`, or that the console can't be written to
 */
export async function postLaunch(
  context: Context,
  path: string,
  options: PostLaunchOptions,
): Promise<PostLaunched> {
  const { host, interrupt: signal } = context.io;
  if (options.lab === undefined && !(await mayBeInstance(host)))
    return { done: 'nothing', why: 'this machine is not an EC2 instance' };
  const { metadata, close } = await metadataHere(context, options.lab);
  try {
    const order = await orderHere(metadata, options.wait, { clock: host.clock, signal });
    if (!order) return { done: 'nothing', why: 'no failover launched this machine' };
    const id = (await metadata.get('meta-data/instance-id')) ?? 'unknown';
    return await carryOut(context, resolve(host.cwd, path), order, id, options);
  } finally {
    await close();
  }
}

async function carryOut(
  context: Context,
  path: string,
  order: GuestOrder,
  instance: string,
  options: PostLaunchOptions,
): Promise<PostLaunched> {
  const { nonce, digest, mode } = order;
  const report = (said: GuestReport) => tell(context, options.console, reportLine(nonce, said));
  const found = await filesHere(context, path, options);
  if (found instanceof Failure) {
    context.reporter.diagnostics(found.diagnostics);
    const failures = found.diagnostics.map(lineOf);
    await report({ state: 'failed', digest: '', changes: 0, failures });
    return { done: 'failed', code: 4 };
  }
  const here = digestOf(found);
  if (here !== digest) {
    await report({ state: 'other-manifests', digest: here, changes: 0, failures: [] });
    return { done: 'other-manifests', code: 4 };
  }
  // For whoever waits: from here on it may be killed in the middle.
  await report({ state: 'begun', digest, changes: 0, failures: [] });
  const ended = await converge(context, path, found, mode, instance, options);
  const state = ended.code !== 0 ? 'failed' : mode === 'plan' ? 'planned' : 'converged';
  await report({ state, digest, changes: ended.changes, failures: ended.failures });
  return { done: state, code: ended.code };
}

/** Nobody else may have written what runs here with every right. */
async function filesHere(
  { io: { host } }: Context,
  path: string,
  { lab }: PostLaunchOptions,
): Promise<Map<string, Buffer> | Failure> {
  try {
    const others = lab === undefined ? await whoCanChange(host)(path, false) : undefined;
    if (others)
      throw new Failure(
        given('trust-not-safe', `the manifests ${path} are not trusted: it ${others.why}`, {
          hint: others.hint,
        }),
      );
    return await readManifestFiles(host.files, path, join, lab === undefined ? { own: true } : {});
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

interface Ended {
  code: number;
  changes: number;
  /** Free of secrets. */
  failures: string[];
}

/** Applies exactly the bytes that were digested. */
async function converge(
  { io, makeReporter }: Context,
  path: string,
  found: Map<string, Buffer>,
  mode: GuestOrder['mode'],
  instance: string,
  options: PostLaunchOptions,
): Promise<Ended> {
  const told: Diagnostic[] = [];
  const { reporter, ...made } = makeContext(io, makeReporter);
  const context: Context = {
    ...made,
    reporter: {
      ...reporter,
      diagnostics(all) {
        told.push(...all);
        reporter.diagnostics(all);
      },
    },
  };
  const { files } = io.host;
  const isFile = (await files.stat(path))?.kind === 'file';
  const root = isFile ? dirname(path) : path;
  const content: ContentFiles = {
    cwd: root,
    files: filesByRoot([
      { root, files: memoryFiles(root, found) },
      { root: shippedModules, files },
    ]),
  };
  let applied: Applied | undefined;
  try {
    applied = await applyContent(context, path, content, mode === 'plan', instance, options);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    reporter.diagnostics(error.diagnostics);
    told.push(...error.diagnostics);
  }
  // Before anything is cut off: half of a secret is one that nobody recognises.
  const clean = told.map(one => ({ ...one, message: context.redactor.text(one.message) }));
  const failures = failuresOf(applied, clean);
  const code = applied?.code ?? 4;
  return { code: code === 0 && failures.length > 0 ? 4 : code, changes: changesOf(applied), failures };
}

/** Undefined when the manifests have mistakes, which were told. */
async function applyContent(
  context: Context,
  path: string,
  content: ContentFiles,
  noop: boolean,
  instance: string,
  options: PostLaunchOptions,
): Promise<Applied | undefined> {
  const catalog = await loadCatalog(context, [path], { ...options, content });
  if (!catalog) return undefined;
  const { targets, platform } = catalog;
  // Of this instance alone: what the machine remembered at home was about its neighbours there.
  const state = options.state ?? join(systemPlaces(context.io.host).state, instance);
  const session = await openSession(
    context,
    { ...options, ...((options.lab === undefined || options.state !== undefined) && { state }) },
    { targets, platform, declared: catalog, content, changes: true },
  );
  try {
    const source = {
      targets,
      isHere: true,
      plan: (started: Parameters<typeof makePlan>[1]) => makePlan(catalog, started, { engine: version }),
    };
    return await applyInSession(session, context, source, { noop });
  } finally {
    await session.close();
  }
}

const changing = new Set(['changed', 'refreshed', 'noop']);
const changesOf = (applied: Applied | undefined): number =>
  (applied?.report?.results ?? []).filter(({ result }) => changing.has(result)).length;

/** What holds it back from being what the manifests say, one line each. */
function failuresOf(applied: Applied | undefined, told: readonly Diagnostic[]): string[] {
  const errors = told.filter(({ severity }) => severity === 'error').map(lineOf);
  const left = (applied?.report?.results ?? [])
    .filter(({ result }) => result === 'held' || result === 'blocked')
    .map(({ address, result }) => `${address}: ${result}`);
  const interrupted = applied?.report?.interrupted ? ['the run was interrupted'] : [];
  return [...new Set([...errors, ...left, ...interrupted])];
}

const lineOf = ({ address, message, at }: Diagnostic): string => {
  const place = address ?? (at && `${at.file}:${at.line}`);
  return `${place === undefined ? '' : `${place}: `}${message.split('\n')[0]}`;
};

/** As often as the kernel may write over it, ms apart: a line of a console is kept whole by nobody. */
const times = 3;
const pause = 1_000;

async function tell({ io }: Context, path: string, line: string): Promise<void> {
  let lost: unknown;
  let written = 0;
  await retry(
    { attempts: times, first: pause, growth: 1 },
    { clock: io.host.clock, signal: undefined, isNotYet: () => true },
    async () => {
      try {
        // Whatever was begun there ends first.
        await writeDevice(path, `\r\n${line}\r\n`);
        written++;
      } catch (error) {
        lost = error;
      }
    },
  );
  if (written === 0) throw lost;
}
