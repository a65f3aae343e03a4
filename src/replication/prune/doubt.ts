import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';

/** What points need can't be told: nothing that some point may need is removed then. */
export const doubt = (why: string, hint = own`\`converge verify\` tells what is wrong`): Failure =>
  new Failure(world('prune-doubt', own`no objects of this VM are removed: ${why}`, { hint }));
