import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { uplinkError } from '../errors.ts';

/**
 * Path of a running daemon's control socket: `<runDir>/<daemon>.<pid>.ctl`, the pid from its pidfile. Rejects with `UNIXCTL_UNREACHABLE` when
 * there is no pidfile.
 */
export async function findUnixctlSocket(runDir = '/var/run/openvswitch', daemon = 'ovs-vswitchd'): Promise<string> {
  const pidfile = join(runDir, `${daemon}.pid`);
  const refuse = (got: string, cause?: unknown) =>
    uplinkError(
      'UNIXCTL_UNREACHABLE',
      {
        what: `cannot find the control socket of ${daemon}`,
        object: pidfile,
        got,
        advice: `check that ${daemon} runs`,
      },
      cause,
    );
  let text: string;
  try {
    text = await readFile(pidfile, 'utf8');
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error), error);
  }
  if (!/^\d+\s*$/.test(text)) throw refuse(`"${text.slice(0, 40)}" instead of a pid`);
  return join(runDir, `${daemon}.${text.trim()}.ctl`);
}
