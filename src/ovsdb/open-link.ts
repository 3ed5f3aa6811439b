import type { Failure } from '../errors.ts';
import { toFailure, uplinkError } from '../errors.ts';
import { dial, type TlsFiles } from './dial.ts';
import { createJsonRpcSession, type SessionEnd } from './json-rpc.ts';
import { formatRemote, type Remote } from './remote.ts';
import { type DatabaseSchema, parseSchema } from './schema.ts';
import { callServer, disconnected, type ServerLink } from './server-link.ts';
import { type ServerStatus, watchServerStatus, whyUnfit } from './server-status.ts';
import { refused } from './transaction.ts';
import { waitUntil } from './wait-until.ts';

/** How a server is chosen and talked to; milliseconds and bytes. */
export interface LinkOptions {
  readonly database: string;
  readonly tls: TlsFiles | undefined;
  readonly leaderOnly: boolean;
  readonly inactivityProbeMs: number;
  readonly connectTimeoutMs: number;
  readonly maxMessageBytes: number;
  readonly maxInFlight: number;
  /** Highest log index seen for each cluster id, over all connections: a server behind it is stale. Written here. */
  readonly seenIndexes: Map<string, number>;
  /** Notifications that are no monitor's. */
  readonly onNotification: (method: string, params: readonly unknown[]) => void;
}

/** A connection that passed every check. */
export interface OpenedLink {
  readonly link: ServerLink;
  readonly schema: DatabaseSchema;
  /** Resolves, never rejects, when the connection is gone. */
  readonly gone: Promise<Failure>;
  /** Ends the connection with a reason of our own. */
  drop(failure: Failure): void;
}

/**
 * Connects to one server, reads the schema and asks _Server whether it is fit. A server that becomes unfit later is dropped.
 * Rejects with `OVSDB_UNREACHABLE`, `OVSDB_DISCONNECTED`, `OVSDB_TIMEOUT`, `OVSDB_PROTOCOL`, `OVSDB_TOO_LARGE` or `OVSDB_REFUSED`.
 */
export async function openLink(remote: Remote, options: LinkOptions, signal: AbortSignal): Promise<OpenedLink> {
  const text = formatRemote(remote);
  const deadline = AbortSignal.timeout(options.connectTimeoutMs);
  const socket = await dial(remote, options.tls, AbortSignal.any([signal, deadline]));

  const monitors: ServerLink['monitors'] = new Map();
  const { promise: gone, resolve: setGone } = Promise.withResolvers<Failure>();
  let reason: Failure | undefined;
  const session = createJsonRpcSession(socket, {
    maxMessageBytes: options.maxMessageBytes,
    maxInFlight: options.maxInFlight,
    probeMs: options.inactivityProbeMs,
    mayBeSilent: () => link.monitorsPending > 0,
    onEnd: (end: SessionEnd) => setGone(reason ?? toFailure(disconnected(text, end))),
    onNotification: (method, params) => {
      if (method !== 'update' && method !== 'update2' && method !== 'update3') {
        options.onNotification(method, params);
        return;
      }
      const take = monitors.get(String(params[0]));
      if (take !== undefined) take(method, params);
      else drop(toFailure(broken(text, `an update of a monitor that was never made: ${String(params[0])}`)));
    },
  });
  const link: ServerLink = { session, remote: text, monitors, monitorMethod: 'monitor_cond_since', monitorsPending: 0 };

  function drop(failure: Failure): void {
    reason ??= failure;
    session.close({ kind: 'local', text: failure.got ?? failure.what });
  }

  try {
    const limits = { signal, timeoutMs: options.connectTimeoutMs };
    const json = await callServer(link, 'get_schema', [options.database], limits, error =>
      refused(`database ${options.database} of ${text}`, error),
    );
    const schema = parseSchema(json);
    await waitUntilFit(link, options, limits, drop);
    return { link, schema, gone, drop };
  } catch (error) {
    session.close();
    throw error;
  }
}

function waitUntilFit(
  link: ServerLink,
  options: LinkOptions,
  limits: { signal: AbortSignal; timeoutMs: number },
  drop: (failure: Failure) => void,
): Promise<void> {
  const { remote: object } = link;
  const unfit = (got: string) => uplinkError('OVSDB_UNREACHABLE', { what: 'the OVSDB server is not fit', object, got });
  return waitUntil<void>(
    (resolve, reject) => {
      const fail = (error: unknown) => {
        reject(error);
        drop(toFailure(error));
      };
      const judge = (status: ServerStatus | undefined) => {
        const why = status === undefined ? undefined : judgeStatus(status, options);
        if (why === undefined) resolve();
        else fail(unfit(why));
      };
      watchServerStatus(link, options.database, judge, fail);
      if (link.session.ended !== undefined) reject(disconnected(object, link.session.ended));
      return () => {};
    },
    {
      ...limits,
      onAbort: () => unfit('given up before it said what it is'),
      onTimeout: () => unfit(`it did not say what it is within ${limits.timeoutMs} ms`),
    },
  );
}

function judgeStatus(status: ServerStatus, options: LinkOptions): string | undefined {
  const cluster = status.clusterId ?? '';
  const seen = options.seenIndexes.get(cluster) ?? 0;
  const why = whyUnfit(status, options.leaderOnly, seen);
  if (why === undefined && status.index !== null) options.seenIndexes.set(cluster, Math.max(seen, status.index));
  return why;
}

function broken(object: string, got: string) {
  return uplinkError('OVSDB_PROTOCOL', { what: 'the server broke the protocol', object, got });
}
