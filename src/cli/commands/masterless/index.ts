export { agent } from './agent.ts';
export { bump } from './bump.ts';
export { bundle } from './bundle.ts';
export { guestFacts } from './guest-facts.ts';
export { instancePolicyCommand } from './instance-policy.ts';
export { postLaunch } from './post-launch.ts';
export { rollout } from './rollout.ts';
export { sign } from './sign.ts';
