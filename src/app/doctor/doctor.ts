import { type Finding, findingsOf, problem, wayOutOf } from '../../doctor/finding.ts';
import { judgeExceptions } from '../../doctor/proxy.ts';
import { judgeRepository } from '../../doctor/repository.ts';
import type { Catalog, CatalogResource } from '../../engine/model/catalog.ts';
import { resolveTarget } from '../../engine/model/targets.ts';
import { expandSelections } from '../../engine/select/members.ts';
import { vainExceptions } from '../../network/proxies.ts';
import type { RepositoryRef } from '../../replication/model/clients.ts';
import { pipelined } from '../../replication/model/pipelined.ts';
import { type RepositoryProperty, repositoryRef } from '../../resources/shared/repository-property.ts';
import type { Context } from '../app-context.ts';
import type { Closing } from '../connect/reach.ts';
import { declaredVms, emptySelections } from '../operation/site/declared-vms.ts';
import type { CommonOptions } from '../options.ts';
import { loadCatalog } from '../session/load-catalog.ts';
import { openSession } from '../session/open-session.ts';
import { runOf } from '../session/run-of.ts';
import { answerOf } from './answer.ts';
import { lookAtRepository } from './look-at-repository.ts';
import { lookAtVsphere } from './look-at-vsphere.ts';

/** Repositories that are looked at together. */
const WIDTH = 8;

/**
 * Looks at all that replication needs of what the manifests declare: every vsphere target, every protected VM
 * and every repository that those or alert routes name. Nothing is changed.
 * Undefined when the manifests have mistakes, which were told.
 */
export async function doctor(
  context: Context,
  paths: string[],
  options: CommonOptions,
): Promise<Finding[] | undefined> {
  const catalog = await loadCatalog(context, paths, options);
  if (!catalog) return undefined;
  const { targets, platform } = catalog;
  const signal = context.io.interrupt;
  const session = await openSession(context, options, { targets, platform });
  const closing: Closing = [];
  try {
    const run = runOf(context, session);
    const expanded = await expandSelections(catalog, run);
    const { resources, diagnostics } = expanded;
    context.reporter.diagnostics(diagnostics);
    const empty = emptySelections(catalog, expanded);
    const vms = resources.filter(({ type, meta }) => type === 'protected_vm' && meta.ensure !== 'absent');
    const { refs } = declaredVms(vms, empty);
    const boards = [...boardsOf(catalog).values()].filter(({ url }) => !refs.has(url.canonical));
    const spared = vainExceptions(session.reach.machine.env);
    const findings: Finding[] = spared ? judgeExceptions(spared) : [];
    findings.push(...vms.filter(({ fault }) => fault !== undefined).flatMap(faulty), ...empty.map(ofNobody));
    const whole = vms.filter(({ fault, select }) => fault === undefined && select === undefined);
    const places = whole.map(vm => ({ vm, ...targetOf(vm) }));
    findings.push(
      ...places.flatMap(({ vm, mistake }) =>
        mistake === undefined
          ? []
          : [
              problem(
                { of: vm.address, what: 'target', looked: 'the manifests' },
                mistake.message,
                wayOutOf(mistake),
              ),
            ],
      ),
    );
    for (const target of targets.filter(({ type }) => type === 'vsphere')) {
      const own = places.filter(one => one.target?.name === target.name).map(({ vm }) => vm);
      findings.push(...(await lookAtVsphere(session, target, own, signal)));
    }
    const look = async (ref: RepositoryRef): Promise<Finding[]> => {
      const of = ref.url.written;
      const facts = await answerOf(() => lookAtRepository(session, ref, closing, signal), signal);
      return 'value' in facts
        ? judgeRepository(of, {
            ...facts.value,
            ...(isDeclared(ref) && { bucketDeclared: true as const }),
            ...(boards.includes(ref) && { madeByApply: true as const }),
          })
        : findingsOf({ of, what: 'target', looked: 'the manifests' }, facts.failed, undefined);
    };
    for await (const found of pipelined([...refs.values(), ...boards], WIDTH, look)) findings.push(...found);
    return findings;
  } finally {
    for (const close of closing) await close();
    await session.close();
  }

  function isDeclared({ url }: RepositoryRef): boolean {
    const wanted = url.kind === 's3' ? url.place.bucket : undefined;
    return catalog!.resources.some(
      ({ type, title, meta }) => type === 'bucket' && title === wanted && meta.ensure !== 'absent',
    );
  }

  function targetOf({ meta }: CatalogResource) {
    return resolveTarget(targets, 'vsphere', meta.target);
  }
}

/** The repositories in which it is kept what alert routes were told, each once. */
function boardsOf({ resources }: Catalog): Map<string, RepositoryRef> {
  const refs = new Map<string, RepositoryRef>();
  for (const { type, meta, properties } of resources) {
    if (type !== 'alert_route' || meta.ensure === 'absent') continue;
    const ref = repositoryRef(properties.repository as unknown as RepositoryProperty);
    if (!refs.has(ref.url.canonical)) refs.set(ref.url.canonical, ref);
  }
  return refs;
}

const faulty = ({ address, fault }: CatalogResource): Finding[] =>
  findingsOf({ of: address, what: 'selection', looked: 'the target' }, fault ? [fault] : [], undefined);

const ofNobody = ({ address }: CatalogResource): Finding =>
  problem(
    { of: address, what: 'selection', looked: 'the target' },
    'it selects no VM: nothing is protected by it',
    'correct `select`, or look whether its VMs were renamed, moved or untagged, or the target may not see them',
  );
