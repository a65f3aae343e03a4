import type { Define } from '../define.ts';
import { adopt } from './adopt.ts';
import { agent } from './agent.ts';
import { apply } from './apply.ts';
import { bump } from './bump.ts';
import { bundle } from './bundle.ts';
import { completeLine } from './complete.ts';
import { completion } from './completion.ts';
import { diff } from './diff.ts';
import { explain } from './explain.ts';
import { facts } from './facts.ts';
import { graph } from './graph.ts';
import { init } from './init.ts';
import { instancePolicyCommand } from './instance-policy.ts';
import { key } from './key.ts';
import { lab } from './lab.ts';
import { observe } from './observe.ts';
import { plan } from './plan.ts';
import { points } from './points.ts';
import { replicate } from './replicate.ts';
import { restore } from './restore.ts';
import { rollout } from './rollout.ts';
import { schema } from './schema.ts';
import { sign } from './sign.ts';
import { test } from './test.ts';
import { validate } from './validate.ts';
import { verify } from './verify.ts';

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
