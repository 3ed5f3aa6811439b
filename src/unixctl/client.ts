import { connect, type Socket } from 'node:net';
import { type UplinkError, uplinkError } from '../errors.ts';
import { createJsonRpcSession, type JsonRpcSession } from '../ovsdb/json-rpc.ts';
import { waitUntil } from '../ovsdb/wait-until.ts';
import { parseCommands, type UnixctlCommand } from './replies.ts';

const DEFAULT_TIMEOUT_MS = 5_000;
/** `dpctl/dump-flows` of a full datapath is tens of megabytes. */
const DEFAULT_MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
const DEFAULT_MAX_IN_FLIGHT = 256;

export interface UnixctlOptions {
  /** Path of the socket, see {@link findUnixctlSocket}. */
  readonly path: string;
  /** Bound on a call that names none. Default 5000. */
  readonly timeoutMs?: number;
  /** Bound on one answer. Default 64 MiB. */
  readonly maxMessageBytes?: number;
  /** Bound on unanswered calls; one more is refused at once. Default 256. */
  readonly maxInFlight?: number;
}

export interface UnixctlLimits {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/** A client of one control socket. The connection is opened by the first call and kept; after a loss the next call opens a new one. */
export interface UnixctlClient extends AsyncDisposable {
  /**
   * Calls a command and resolves to its text, without white space at the end. Rejects with `UNIXCTL_REFUSED` (the daemon's text in `got`; see
   * {@link isUnknownCommand}), `UNIXCTL_UNREACHABLE` (no connection, or no answer in time) or `ABORTED`.
   */
  call(command: string, args?: readonly string[], limits?: UnixctlLimits): Promise<string>;
  listCommands(limits?: UnixctlLimits): Promise<readonly UnixctlCommand[]>;
  version(limits?: UnixctlLimits): Promise<string>;
  /** `dpif/show-dp-features`: what the bridge's datapath can do, as the daemon prints it. */
  showDatapathFeatures(bridge: string, limits?: UnixctlLimits): Promise<string>;
  /** Names of the bridges that ovs-vswitchd has made. */
  ofprotoList(limits?: UnixctlLimits): Promise<readonly string[]>;
  /** Forgets the MAC addresses that the bridge has learned. */
  flushFdb(bridge: string, limits?: UnixctlLimits): Promise<void>;
  /** Resolves when the present connection is gone; at once where there is none. A restart of the daemon shows so, and nowhere in OVSDB. */
  whenLost(): Promise<void>;
  close(): Promise<void>;
}

interface Connection {
  readonly session: JsonRpcSession;
  readonly lost: Promise<void>;
}

/** Makes a client; nothing is opened yet. */
export function createUnixctlClient(options: UnixctlOptions): UnixctlClient {
  const { path: object } = options;
  const stopping = new AbortController();
  let connecting: Promise<Connection> | undefined;
  let current: Connection | undefined;

  function unreachable(got: string, cause?: unknown): UplinkError {
    return uplinkError(
      'UNIXCTL_UNREACHABLE',
      { what: 'no answer from the control socket', object, got, advice: 'check that the daemon runs' },
      cause,
    );
  }

  function open(): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket: Socket = connect({ path: object });
      const stop = () => socket.destroy(new Error('the client is closed'));
      const fail = (error: Error) => reject(unreachable(error.message, error));
      stopping.signal.addEventListener('abort', stop);
      socket.once('error', fail);
      socket.once('close', () => stopping.signal.removeEventListener('abort', stop));
      socket.once('connect', () => {
        socket.off('error', fail);
        const { promise: lost, resolve: setLost } = Promise.withResolvers<void>();
        const session = createJsonRpcSession(socket, {
          maxMessageBytes: options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES,
          maxInFlight: options.maxInFlight ?? DEFAULT_MAX_IN_FLIGHT,
          onEnd: () => {
            if (current?.session === session) current = undefined;
            setLost();
          },
        });
        current = { session, lost };
        resolve(current);
      });
    });
  }

  function connection(): Promise<Connection> {
    if (stopping.signal.aborted) return Promise.reject(unreachable('the client is closed'));
    if (current !== undefined) return Promise.resolve(current);
    connecting ??= open().finally(() => {
      connecting = undefined;
    });
    return connecting;
  }

  function call(command: string, args: readonly string[] = [], limits: UnixctlLimits = {}): Promise<string> {
    const timeoutMs = limits.timeoutMs ?? options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    return waitUntil<string>(
      (resolve, reject) => {
        let live = true;
        let sent: { session: JsonRpcSession; id: number } | undefined;
        connection().then(({ session }) => {
          if (!live) return;
          const id = session.request(command, args, reply => {
            sent = undefined;
            switch (reply.kind) {
              case 'result':
                return resolve(String(reply.result).trimEnd());
              case 'error':
                return reject(refused(command, args, reply.error));
              case 'ended':
                return reject(unreachable(reply.end.text));
              case 'busy':
                return reject(unreachable('too many calls are unanswered'));
              case 'too-large':
                return reject(unreachable(`the arguments are ${reply.bytes} bytes long`));
            }
          });
          if (live) sent = { session, id };
        }, reject);
        return () => {
          live = false;
          sent?.session.forget(sent.id);
        };
      },
      {
        signal: limits.signal,
        timeoutMs,
        onAbort: () => uplinkError('ABORTED', { what: `gave up waiting for "${command}"`, object }),
        onTimeout: () => unreachable(`"${command}" was not answered within ${timeoutMs} ms`),
      },
    );
  }

  async function close(): Promise<void> {
    stopping.abort();
    const last = current;
    last?.session.close();
    await connecting?.catch(() => {});
    current?.session.close();
    await last?.lost;
  }

  return {
    call,
    listCommands: async limits => parseCommands(await call('list-commands', [], limits)),
    version: limits => call('version', [], limits),
    showDatapathFeatures: (bridge, limits) => call('dpif/show-dp-features', [bridge], limits),
    ofprotoList: async limits => (await call('ofproto/list', [], limits)).split('\n').filter(name => name !== ''),
    flushFdb: async (bridge, limits) => {
      await call('fdb/flush', [bridge], limits);
    },
    whenLost: () => current?.lost ?? Promise.resolve(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function refused(command: string, args: readonly string[], error: unknown): UplinkError {
  return uplinkError('UNIXCTL_REFUSED', {
    what: 'the daemon refused the command',
    object: [command, ...args].join(' '),
    got: (typeof error === 'string' ? error : String(JSON.stringify(error))).trim(),
  });
}
