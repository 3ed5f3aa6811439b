import { openEngineMover } from './engine-mover.ts';
import { describeError, runPlugin } from './run-plugin.ts';

const { env, stdin, stdout } = process;

/** A thread that waits for a lock of another process would keep this one from ending by itself. */
function end(code: number): void {
  stdout.write('', () => process.exit(code));
}

// A defect outside of the run's own promises: the runtime wants to hear of it in the one form that it reads.
process.once('uncaughtException', error => {
  stdout.write(describeError(error));
  end(1);
});
end(await runPlugin({ env, stdin, stdout, openMover: openEngineMover }));
