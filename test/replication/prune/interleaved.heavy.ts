import { testInterleaved } from '../../support/interleaved.ts';

testInterleaved(2000);
