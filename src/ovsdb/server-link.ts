import { type UplinkError, uplinkError } from '../errors.ts';
import type { JsonRpcReply, JsonRpcSession, SessionEnd } from './json-rpc.ts';
import { waitUntil } from './wait-until.ts';

/** `got` of an error after which nobody knows whether the request was carried out. */
const OUTCOME_UNKNOWN = 'outcome unknown: it may or may not have happened';

/** True when the failed request may have been carried out all the same: read the database before a retry. */
export function isOutcomeUnknown(failure: { readonly got?: string | undefined }): boolean {
  return failure.got?.startsWith(OUTCOME_UNKNOWN) === true;
}

/** One connection to one server: a session, and who gets which notification. */
export interface ServerLink {
  readonly session: JsonRpcSession;
  /** The server, as text. */
  readonly remote: string;
  /** Monitor id to who takes its updates. */
  readonly monitors: Map<string, (method: string, params: readonly unknown[]) => void>;
  /** The newest monitor method that this server knows; found out by the first monitor. */
  monitorMethod: MonitorMethod;
  /** Monitor requests that are not answered: a big database takes its time, so silence means nothing. */
  monitorsPending: number;
}

export type MonitorMethod = 'monitor_cond_since' | 'monitor_cond' | 'monitor';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  /** True for requests that change something: their failure then says that they may have happened. */
  readonly changes?: boolean;
}

/**
 * Sends a request and resolves to its `result`. Rejects with `OVSDB_DISCONNECTED`, `OVSDB_TIMEOUT` (the request is
 * cancelled, RFC 7047 §4.1.4), `ABORTED`, `OVSDB_TOO_LARGE` (bound on bytes or on requests in flight; nothing was sent);
 * `onError` makes the error of a refused request.
 */
export function callServer(
  link: ServerLink,
  method: string,
  params: readonly unknown[],
  options: CallOptions,
  onError: (error: unknown) => unknown,
): Promise<unknown> {
  const { session, remote } = link;
  const unknown = options.changes === true ? { got: OUTCOME_UNKNOWN } : {};
  let id = -1;
  const giveUp = (): void => {
    session.forget(id);
    session.notify('cancel', [id]);
  };
  return waitUntil<unknown>(
    (resolve, reject) => {
      id = session.request(method, params, reply => {
        if (reply.kind === 'result') resolve(reply.result);
        else if (reply.kind === 'error') reject(onError(reply.error));
        else reject(unanswered(link, method, reply, options.changes === true));
      });
      return () => {};
    },
    {
      signal: options.signal,
      timeoutMs: options.timeoutMs,
      onAbort: () => {
        if (id !== -1) giveUp();
        return uplinkError('ABORTED', {
          what: `gave up waiting for "${method}"`,
          object: remote,
          ...(id === -1 ? {} : unknown),
        });
      },
      onTimeout: () => {
        giveUp();
        return uplinkError('OVSDB_TIMEOUT', {
          what: `OVSDB did not answer "${method}" within ${options.timeoutMs} ms`,
          object: remote,
          ...unknown,
          advice:
            'a server in the minority of its cluster never answers a write: check the cluster, or allow more time',
        });
      },
    },
  );
}

/** The error of a request that got no answer. */
export function unanswered(
  link: Pick<ServerLink, 'remote' | 'session'>,
  method: string,
  reply: Exclude<JsonRpcReply, { kind: 'result' | 'error' }>,
  changes: boolean,
): UplinkError {
  const object = link.remote;
  switch (reply.kind) {
    case 'ended':
      return disconnected(object, reply.end, changes);
    case 'busy':
      return uplinkError('OVSDB_TOO_LARGE', {
        what: `too many requests are unanswered, "${method}" was not sent`,
        object,
        got: `${link.session.inFlight} in flight`,
        advice: 'wait for replies before sending more',
      });
    case 'too-large':
      return uplinkError('OVSDB_TOO_LARGE', {
        what: `"${method}" is longer than the bound on messages and was not sent`,
        object,
        got: `${reply.bytes} bytes`,
        advice: 'split the transaction, or raise maxMessageBytes',
      });
  }
}

/** Why a connection is gone, as an error. */
export function disconnected(remote: string, end: SessionEnd, outcomeUnknown = false): UplinkError {
  const got = outcomeUnknown ? `${OUTCOME_UNKNOWN} (${end.text})` : end.text;
  switch (end.kind) {
    case 'malformed':
      if (outcomeUnknown) break;
      return uplinkError('OVSDB_PROTOCOL', { what: 'the server broke the protocol', object: remote, got });
    case 'too-large':
      if (outcomeUnknown) break;
      return uplinkError('OVSDB_TOO_LARGE', {
        what: 'the server sent a message over the bound',
        object: remote,
        got,
        advice: 'monitor fewer columns, or raise maxMessageBytes',
      });
    default:
  }
  return uplinkError('OVSDB_DISCONNECTED', { what: 'the connection to OVSDB was lost', object: remote, got });
}
