import { testInterleaved } from '../../support/interleaved.ts';

/** The first of those that interleaved.heavy.ts goes through. */
testInterleaved(250);
