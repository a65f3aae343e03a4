import type { Diagnostic } from '../../../diagnostics/diagnostic.ts';
import { Failure } from '../../../diagnostics/diagnostic.ts';
import { hasPassed } from '../../../io/until.ts';
import { EXPOSITION_TYPE } from '../../../operation/metrics/exposition.ts';
import { metricsOf } from '../../../operation/metrics/metrics.ts';
import { STATES, type State, type VmStatus } from '../../../operation/model.ts';
import { evidencePage } from '../../../operation/page/evidence-page.ts';
import { html } from '../../../operation/page/html.ts';
import { type Asked, FOLLOW_EVERY, type Operation, page, shownOf } from '../../../operation/page/page.ts';
import { vmPage } from '../../../operation/page/vm-page.ts';
import type { Answer } from '../../../operation/server/serve.ts';
import type { MadePoint } from '../../../replication/model/point.ts';
import type { Context } from '../../app-context.ts';
import { version } from '../../version.ts';
import { type Looked, look, type StatusOptions } from '../status.ts';
import type { TrackWish } from '../tracks.ts';
import { evidenceBy } from './evidence.ts';

const hour = 3_600_000;
/** What a timeline shows. */
const window = 24 * hour;
/** Of a page, from when its look was over; whoever asks again before is told the same. */
const freshFor = 5_000;
/** Points that are kept at most: some 200 bytes each. */
const mostKnown = 200_000;

const HTML = 'text/html; charset=utf-8';

/**
 * What is answered to whoever may see it: the page, one VM, the evidence report and metrics. Each is computed
 * from the repositories when somebody asks.
 *
 * @param operation what is known besides, by whoever runs the cycles
 */
export function pages(
  context: Context,
  options: StatusOptions,
  operation: () => Promise<Operation> = async () => ({}),
): (url: URL) => Promise<Answer | undefined> {
  const known = new Map<string, MadePoint>();
  /** `at`: when it was over; undefined as long as it isn't. */
  const looks = new Map<string, { at: number | undefined; looked: Promise<KnownLook> }>();
  const now = () => context.io.host.clock.now();
  /**
   * Those who ask the same at the same time are answered at the same time: a repository that answers slowly
   * isn't asked once more by each browser that comes again.
   */
  const lookAt = (name: string, wish?: Omit<TrackWish, 'known'>, brief = false): Promise<KnownLook> => {
    const before = looks.get(name);
    const isFresh = (at: number | undefined) => at === undefined || !hasPassed(freshFor, at, now());
    if (before && isFresh(before.at)) return before.looked;
    if (known.size > mostKnown) known.clear();
    const looked = lookOnce(context, { ...options, brief }, wish && { ...wish, known });
    for (const [each, { at }] of looks) if (!isFresh(at)) looks.delete(each);
    const entry: { at: number | undefined; looked: typeof looked } = { at: undefined, looked };
    looks.set(name, entry);
    looked.then(
      () => {
        entry.at = now();
      },
      () => looks.delete(name),
    );
    return looked;
  };
  const lastDay = (of: TrackWish['of']) => ({ time: (to: number) => ({ from: to - window, to }), of });
  const ok = (type: string, body: string): Answer => ({
    status: 200,
    type,
    body: context.redactor.text(body),
  });
  return async url => {
    const { pathname, searchParams } = url;
    switch (pathname) {
      case '/': {
        const asked = askedOf(searchParams);
        const looked = await lookAt(
          `page ${JSON.stringify(asked)}`,
          lastDay(vms => shownOf(vms, asked).rows),
          true,
        );
        const body = page({ ...looked, ...(await operation()) }, asked);
        return { ...ok(HTML, body), ...(asked.follow && { refresh: FOLLOW_EVERY }) };
      }
      case '/vm': {
        const [vm, repository] = [searchParams.get('vm') ?? '', searchParams.get('repository') ?? ''];
        const isIt = (one: VmStatus) => one.repository === repository && (one.uuid ?? one.vm) === vm;
        const { status, tracks } = await lookAt(
          `vm ${JSON.stringify([vm, repository])}`,
          lastDay(vms => vms.filter(isIt)),
        );
        const found = status.vms.find(isIt);
        return found && ok(HTML, vmPage(found, tracks[0], status.at));
      }
      case '/metrics': {
        const { status, isKnown } = await lookAt('metrics');
        // A scrape that fails is seen; one that says nothing of any VM looks as if all were well.
        if (!isKnown) return unknownNow;
        const summary = searchParams.has('summary');
        const { failing } = await operation();
        return ok(EXPOSITION_TYPE, metricsOf(status, { version, summary, ...(failing && { failing }) }));
      }
      case '/report': {
        const asked = {
          month: searchParams.get('month') || undefined,
          group: searchParams.get('group') || undefined,
        };
        try {
          const name = `report ${JSON.stringify(asked)}`;
          const found = await evidenceBy(asked, now(), wish => lookAt(name, wish));
          return found && ok(HTML, evidencePage(found.evidence, html`<a href="/">Now</a>`));
        } catch (error) {
          if (error instanceof Failure && error.has('bad-month', 'group-of-nobody')) return undefined;
          throw error;
        }
      }
      default:
        return undefined;
    }
  };
}

/** A look, and whether anything was seen at all. */
type KnownLook = Looked & { isKnown: boolean };

const unknownNow: Answer = {
  status: 503,
  type: 'text/plain; charset=utf-8',
  body: 'nothing could be seen: the page says why\n',
};

/** What somebody asks for that isn't there is as if it weren't asked. */
function askedOf(query: URLSearchParams): Asked {
  const [state, find] = [query.get('state'), query.get('find')];
  const page = /^[1-9]\d{0,4}$/.exec(query.get('page') ?? '1')?.[0] ?? '1';
  return {
    ...(STATES.includes(state as State) && { state: state as State }),
    ...(find && { find: find.slice(0, 200) }),
    page: Number(page),
    ...(query.has('follow') && { follow: true }),
  };
}

/** A look whose mistakes are part of what it saw: of manifests with some, nothing else is known. */
async function lookOnce(
  context: Context,
  options: StatusOptions,
  wish: TrackWish | undefined,
): Promise<KnownLook> {
  const told: Diagnostic[] = [];
  const telling: Context = {
    ...context,
    sources: new Map(),
    reporter: {
      ...context.reporter,
      notice() {},
      diagnostics: found => void told.push(...found),
    },
  };
  let looked: Looked | undefined;
  try {
    looked = await look(telling, options, wish);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    told.push(...error.diagnostics);
  }
  const nothing = { at: context.io.host.clock.now(), vms: [], plans: [], repositories: [], diagnostics: [] };
  const { status, tracks }: Looked = looked ?? { status: nothing, tracks: [] };
  const diagnostics = [...told, ...status.diagnostics];
  return { status: { ...status, diagnostics }, tracks, isKnown: looked !== undefined };
}
