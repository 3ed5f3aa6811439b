import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { GuardOrder } from '../../../src/engine/guard/guards.ts';
import { identify } from '../../../src/engine/guard/process-identity.ts';
import { type OnHang, send } from '../../../src/engine/guard/protocol.ts';
import { openRendezvous } from '../../../src/engine/guard/rendezvous.ts';
import type { Lab } from '../../lab/lab.ts';

const BIN = fileURLToPath(new URL('../../../bin/ovs-uplink', import.meta.url));

/** A real guard process whose run is played by the test. */
export interface LoneGuard {
  readonly child: ChildProcess;
  /** Says that the run is well for this long. */
  allow(allowMs: number): void;
  disarm(): void;
  /** The connection ends, as at the death of a run. */
  dropConnection(): void;
  /** Resolves with the exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
}

/** Starts a guard on the lab's host and gives it its order; resolves when it is armed. */
export async function armLoneGuard(lab: Lab, order: GuardOrder, onHang: OnHang, allowMs: number): Promise<LoneGuard> {
  const rendezvous = await openRendezvous(lab.stateDir, order.uplink);
  const argv = [BIN, 'guard', '-i', order.uplink, '--state-dir', lab.stateDir, '--ovsdb', lab.ovsdbRemote];
  const child = lab.spawn(lab.hostNs, argv, { stdio: 'ignore' });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const arrival = await rendezvous.arrival;
  rendezvous.close();
  const armed = new Promise<void>(resolve => {
    arrival.onMessage = message => {
      if (message.type === 'armed') resolve();
    };
  });
  const { id, generation } = order;
  // The test itself is the run: `kill` would end it.
  send(arrival.socket, { type: 'order', id, generation, run: identify(process.pid)!, onHang, allowMs });
  await armed;
  return {
    child,
    ended,
    allow: ms => send(arrival.socket, { type: 'allow', allowMs: ms }),
    disarm: () => send(arrival.socket, { type: 'disarm' }),
    dropConnection: () => arrival.socket.destroy(),
  };
}
