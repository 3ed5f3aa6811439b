import { uplinkError } from '../errors.ts';

/** Signals that ask the process to stop. */
export const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Set by `bin/ovs-uplink` when SIGHUP was ignored at the start (nohup): node itself forgets that. */
export const NOHUP_VARIABLE = 'OVS_UPLINK_NOHUP';

/** Turns the first stop signal into an abort; made with {@link catchStopSignals}. */
export interface StopSignals {
  /** Aborted with an `ABORTED` error as its reason. */
  readonly signal: AbortSignal;
  /** Gives the signals their usual meaning back. */
  stop(): void;
}

/**
 * From now on the first stop signal aborts, and every later one is only told of: a run that is rolling back must not be cut short by an
 * impatient Ctrl-C.
 */
export function catchStopSignals(tell: {
  readonly onFirst: (name: string) => void;
  readonly onLater: (name: string) => void;
}): StopSignals {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals) => {
    if (name === 'SIGHUP' && process.env[NOHUP_VARIABLE] === '1') return;
    if (controller.signal.aborted) return tell.onLater(name);
    tell.onFirst(name);
    controller.abort(uplinkError('ABORTED', { what: 'stopped by a signal', object: name }));
  };
  for (const name of STOP_SIGNALS) process.on(name, onSignal);
  return {
    signal: controller.signal,
    stop() {
      for (const name of STOP_SIGNALS) process.off(name, onSignal);
    },
  };
}
