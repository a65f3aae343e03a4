import type { Define } from '../context/define.ts';
import { apply } from './run/apply.ts';
import { diff } from './run/diff.ts';
import { explain } from './run/explain.ts';
import { facts } from './run/facts.ts';
import { graph } from './run/graph.ts';
import { observe } from './run/observe.ts';
import { plan } from './run/plan.ts';
import { test } from './run/test.ts';
import { validate } from './run/validate.ts';

const adopt = () => import('./adopt/adopt.ts');
const lab = () => import('./lab/lab.ts');
const masterless = () => import('./masterless/index.ts');
const operation = () => import('./operation/index.ts');
const recovery = () => import('./recovery/index.ts');
const repository = () => import('./repository/index.ts');
const start = () => import('./start/index.ts');

/**
 * Every command by its name, in the order of `converge --help`. Those of a run are there from the start,
 * since all that converge is goes through them; others are loaded when they are asked for, with what all of
 * their subject need.
 */
export const commands: ReadonlyMap<string, () => Promise<Define>> = new Map([
  ['init', async () => (await start()).init],
  ['validate', async () => validate],
  ['plan', async () => plan],
  ['apply', async () => apply],
  ['diff', async () => diff],
  ['test', async () => test],
  ['observe', async () => observe],
  ['adopt', async () => (await adopt()).adopt],
  ['graph', async () => graph],
  ['explain', async () => explain],
  ['schema', async () => (await start()).schema],
  ['facts', async () => facts],
  ['replicate', async () => (await repository()).replicate],
  ['points', async () => (await repository()).points],
  ['restore', async () => (await repository()).restore],
  ['export', async () => (await repository()).exportPoint],
  ['files', async () => (await repository()).files],
  ['verify', async () => (await repository()).verify],
  ['repository', async () => (await repository()).repository],
  ['repair', async () => (await repository()).repair],
  ['prune', async () => (await repository()).prune],
  ['pin', async () => (await repository()).pin],
  ['hold', async () => (await repository()).hold],
  ['status', async () => (await operation()).status],
  ['doctor', async () => (await operation()).doctor],
  ['metrics', async () => (await operation()).metrics],
  ['service', async () => (await operation()).service],
  ['open', async () => (await operation()).open],
  ['report', async () => (await operation()).report],
  ['pause', async () => (await operation()).pause],
  ['resume', async () => (await operation()).resume],
  ['history', async () => (await operation()).history],
  ['alert', async () => (await operation()).alert],
  ['failover', async () => (await recovery()).failover],
  ['failback', async () => (await recovery()).failback],
  ['readiness', async () => (await recovery()).readiness],
  ['key', async () => (await repository()).key],
  ['sign', async () => (await masterless()).sign],
  ['agent', async () => (await masterless()).agent],
  ['worker', async () => (await operation()).worker],
  ['instance-policy', async () => (await masterless()).instancePolicyCommand],
  ['bundle', async () => (await masterless()).bundle],
  ['bump', async () => (await masterless()).bump],
  ['rollout', async () => (await masterless()).rollout],
  ['post-launch', async () => (await masterless()).postLaunch],
  ['guest-facts', async () => (await masterless()).guestFacts],
  ['lab', async () => (await lab()).lab],
  ['completion', async () => (await start()).completion],
  ['__complete', async () => (await start()).completeLine],
]);
