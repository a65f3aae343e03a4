import exec from './fixtures/exec.ts';
import file from './fixtures/file.ts';
import { contractSuite } from './suite.ts';

contractSuite(file.type, file);
contractSuite(exec.type, exec);
