/**
 * The entry of `dist/converge.cjs`, one file that needs nothing beside it but its modules
 * (tools/single-file.ts).
 */
import { run } from './process.ts';

// A file of this form can't wait at its top; whatever fails in `run` is for Node to show.
void run();
