import { connect } from 'node:net';
import { dirname } from 'node:path';
import { uplinkError } from '../errors.ts';
import { createUnixctlClient, findUnixctlSocket } from '../unixctl/index.ts';
import type { VswitchdState } from './host.ts';

/** Path of the control socket: as told, or by the pidfile that ovs-vswitchd keeps beside the OVSDB socket. Rejects with `UNIXCTL_UNREACHABLE`. */
export async function findControlSocket(ovsdb: string, unixctl: string | undefined): Promise<string> {
  if (unixctl !== undefined) return unixctl;
  const unix = ovsdb.split(',').find(remote => remote.startsWith('unix:'));
  if (unix === undefined) {
    throw uplinkError('UNIXCTL_UNREACHABLE', {
      what: 'cannot tell where the control socket of ovs-vswitchd is',
      object: ovsdb,
      expected: 'a unix: address of OVSDB',
      advice: 'name the control socket with --unixctl',
    });
  }
  return await findUnixctlSocket(dirname(unix.slice('unix:'.length)));
}

/** Asks for `version`. A socket without a listener is that of a dead process; one that takes connections in silence of a stopped one. */
export async function checkVswitchd(path: string, limitMs: number, signal: AbortSignal): Promise<VswitchdState> {
  if (!(await isListening(path))) return 'gone';
  await using client = createUnixctlClient({ path });
  try {
    await client.version({ timeoutMs: limitMs, signal });
    return 'alive';
  } catch {
    signal.throwIfAborted();
    return 'hung';
  }
}

function isListening(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** An idle ovs-vswitchd answers in 0.1 ms; one that takes longer is not waited for, since the host answers meanwhile anyway. */
const DRAIN_LIMIT_MS = 250;

/**
 * Opens the control socket, then runs the work with what waits for two turns of the main loop, which is what polls the ports of the userspace
 * datapath. It does not wait for one that hangs or is gone.
 */
export async function withDrain(
  path: string | undefined,
  work: (drain: () => Promise<void>) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  if (path === undefined) return work(async () => undefined);
  await using client = createUnixctlClient({ path });
  const turn = async (): Promise<void> => {
    try {
      await client.version({ timeoutMs: DRAIN_LIMIT_MS, signal });
    } catch {
      signal.throwIfAborted();
    }
  };
  // The first answer also pays for the connection.
  await turn();
  await work(async () => {
    await turn();
    await turn();
  });
}
