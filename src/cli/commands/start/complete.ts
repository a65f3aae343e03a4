import { namesToComplete } from '../../../app/start/names-to-complete.ts';
import { complete } from '../../complete/complete.ts';
import type { Define } from '../../context/define.ts';

/**
 * `converge __complete`, for the scripts of `converge completion`: the line up to the cursor is in COMP_LINE.
 */
export const completeLine: Define = (program, context, exit) => {
  program.command('__complete', { hidden: true }).action(async () => {
    const found = await complete(program, context.io.host.env.COMP_LINE ?? '', namesToComplete(context));
    const lines = Array.isArray(found) ? found : [`:${found}`];
    context.print(lines);
    exit(0);
  });
};
