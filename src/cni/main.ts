import type { OpenMover } from './device-mover.ts';
import { describeError, runPlugin } from './run-plugin.ts';

const { env, stdin, stdout } = process;

/** VERSION needs no engine, nor does what is refused: its code is loaded only now. */
const openMover: OpenMover = async settings => (await import('./engine-mover.ts')).openEngineMover(settings);

/** A runtime waits for the end of the process, whatever may be open in it still. */
function end(code: number): void {
  stdout.write('', () => process.exit(code));
}

// A defect outside of the run's own promises: the runtime wants to hear of it in the one form that it reads.
process.once('uncaughtException', error => {
  stdout.write(describeError(error));
  end(1);
});
end(await runPlugin({ env, stdin, stdout, openMover }));
