import { runAsProgram } from './run-as-program.ts';

await runAsProgram();
