import { readFile } from 'node:fs/promises';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { uplinkError } from '../errors.ts';
import { formatRemote, type Remote } from './remote.ts';

/** Paths of PEM files for `ssl:` remotes; read again at each connection, so that renewed certificates are picked up. */
export interface TlsFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/**
 * Opens a connected socket. Rejects with `OVSDB_UNREACHABLE` that says why, also when the signal ends first, and with
 * `USAGE` for an `ssl:` remote without certificates.
 */
export async function dial(remote: Remote, tls: TlsFiles | undefined, signal: AbortSignal): Promise<Socket> {
  const object = formatRemote(remote);
  const refuse = (got: string, cause?: unknown, advice?: string) =>
    uplinkError(
      'OVSDB_UNREACHABLE',
      { what: 'cannot connect to OVSDB', object, got, ...(advice === undefined ? {} : { advice }) },
      cause,
    );
  let socket: Socket;
  let readyEvent: 'connect' | 'secureConnect' = 'connect';
  if (remote.transport === 'ssl') {
    if (tls === undefined) {
      throw uplinkError('USAGE', {
        what: 'an ssl: remote needs certificates',
        object,
        expected: 'the paths of a CA, a certificate and a private key',
        got: 'none',
      });
    }
    let pem: { ca: Buffer; cert: Buffer; key: Buffer };
    try {
      const [ca, cert, key] = await Promise.all([readFile(tls.ca), readFile(tls.cert), readFile(tls.key)]);
      pem = { ca, cert, key };
    } catch (error) {
      throw refuse(messageOf(error), error, 'check the paths of ca, cert and key');
    }
    if (signal.aborted) throw refuse('given up before an answer');
    readyEvent = 'secureConnect';
    try {
      socket = connectTls({
        host: remote.host,
        port: remote.port,
        ...pem,
        minVersion: 'TLSv1.2',
        // OVS certificates name a switch or controller by id, not by host (ovs-pki(8)): like OVS itself, trust the CA.
        checkServerIdentity: () => undefined,
      });
    } catch (error) {
      throw refuse(messageOf(error), error, 'check the contents of ca, cert and key');
    }
  } else if (remote.transport === 'unix') {
    socket = connectPlain({ path: remote.path });
  } else {
    socket = connectPlain({ host: remote.host, port: remote.port });
  }
  await new Promise<void>((resolve, reject) => {
    const settle = (act: () => void) => {
      signal.removeEventListener('abort', onAbort);
      socket.off('error', onError);
      socket.off('close', onClose);
      socket.off(readyEvent, onReady);
      act();
    };
    const onReady = () => settle(resolve);
    const onError = (error: Error) => settle(() => giveUp(messageOf(error), error));
    const onClose = () => settle(() => giveUp('the other side closed the connection'));
    const onAbort = () => settle(() => giveUp('no answer in time'));
    const giveUp = (got: string, cause?: unknown) => {
      socket.on('error', () => {});
      socket.destroy();
      reject(refuse(got, cause));
    };
    socket.on(readyEvent, onReady);
    socket.on('error', onError);
    socket.on('close', onClose);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
  });
  if (remote.transport !== 'unix') socket.setNoDelay(true);
  return socket;
}

/** Several addresses of one host name come as an AggregateError without a text of its own. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join(', ');
  return error instanceof Error ? error.message : String(error);
}
