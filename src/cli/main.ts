import { report, runCli } from './run-cli.ts';
import { processTerminal } from './terminal/terminal.ts';

const argv = process.argv.slice(2);
const terminal = processTerminal(argv.includes('--json'));

const exit = async (code: number) => {
  await Promise.all([terminal.out.flush(), terminal.err.flush()]);
  process.exit(code);
};
// A defect in the middle of a run: the journal and the guard know the way back, this process no longer does.
process.on('uncaughtException', error => {
  void exit(report(error, terminal));
});

await exit(await runCli(argv, terminal));
