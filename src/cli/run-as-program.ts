import type { Engine } from '../engine/engine.ts';
import { report, runCli } from './run-cli.ts';
import type { Settings } from './settings.ts';
import { processTerminal } from './terminal/terminal.ts';

/** Runs the command line with this process's own arguments and terminal, and ends the process with its exit code. */
export async function runAsProgram(createEngine?: (settings: Settings) => Promise<Engine>): Promise<never> {
  const argv = process.argv.slice(2);
  const terminal = processTerminal(argv.includes('--json'));
  const exit = async (code: number): Promise<never> => {
    await Promise.all([terminal.out.flush(), terminal.err.flush()]);
    process.exit(code);
  };
  // A defect in the middle of a run: the journal and the guard know the way back, this process no longer does.
  process.on('uncaughtException', error => {
    void exit(report(error, terminal));
  });
  return await exit(await runCli(argv, terminal, createEngine));
}
