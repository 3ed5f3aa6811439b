import { catchStopSignals } from './stop-signals.ts';
import type { Terminal } from './terminal/terminal.ts';

/** Runs something that changes the host: the first stop signal aborts it, later ones are answered only. */
export async function withStopSignals<T>(terminal: Terminal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signals = catchStopSignals({
    onFirst: name => terminal.complain(`${name}: stopping; what was changed is being put back`),
    onLater: name => terminal.complain(`${name} ignored: still putting things back, please wait`),
  });
  try {
    return await work(signals.signal);
  } finally {
    signals.stop();
  }
}
