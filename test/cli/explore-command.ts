import { runCli } from '../../src/cli/run-cli.ts';
import { collectTerminal } from './collected-terminal.ts';

/** Runs a command in a process with a planted bug, and tells what it printed. */
export async function runCommand(argv: readonly string[]): Promise<{ readonly code: number; readonly out: string }> {
  const { terminal, out } = collectTerminal();
  const code = await runCli(argv, terminal, () => Promise.reject(new Error('no engine is needed')));
  return { code, out: out() };
}
