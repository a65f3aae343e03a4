import type { Define } from '../context/define.ts';
import { adopt } from './adopt/adopt.ts';
import { lab } from './lab/lab.ts';
import { agent } from './masterless/agent.ts';
import { bump } from './masterless/bump.ts';
import { bundle } from './masterless/bundle.ts';
import { instancePolicyCommand } from './masterless/instance-policy.ts';
import { rollout } from './masterless/rollout.ts';
import { sign } from './masterless/sign.ts';
import { failover } from './recovery/failover.ts';
import { readiness } from './recovery/readiness.ts';
import { key } from './repository/key.ts';
import { points } from './repository/points.ts';
import { replicate } from './repository/replicate.ts';
import { restore } from './repository/restore.ts';
import { verify } from './repository/verify.ts';
import { apply } from './run/apply.ts';
import { diff } from './run/diff.ts';
import { explain } from './run/explain.ts';
import { facts } from './run/facts.ts';
import { graph } from './run/graph.ts';
import { observe } from './run/observe.ts';
import { plan } from './run/plan.ts';
import { test } from './run/test.ts';
import { validate } from './run/validate.ts';
import { completeLine } from './start/complete.ts';
import { completion } from './start/completion.ts';
import { init } from './start/init.ts';
import { schema } from './start/schema.ts';

/** In the order of `converge --help`. */
export const commands: Define[] = [
  init,
  validate,
  plan,
  apply,
  diff,
  test,
  observe,
  adopt,
  graph,
  explain,
  schema,
  facts,
  replicate,
  points,
  restore,
  verify,
  failover,
  readiness,
  key,
  sign,
  agent,
  instancePolicyCommand,
  bundle,
  bump,
  rollout,
  lab,
  completion,
  completeLine,
];
