import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import { uplinkError } from '../../errors.ts';
import { admit, isRefusal } from './admission.ts';
import type { BridgeCounters } from './counters.ts';
import { createCounters } from './counters.ts';
import { answerPage, redirectWithCookie, refuse, refuseUpgrade } from './http-answers.ts';
import type { Hub } from './hub.ts';
import { servePublisher } from './publisher.ts';
import { serveReader } from './reader.ts';
import { STATELY_URL, statelyPage } from './stately-page.ts';
import { createToken, createTokenCheck } from './token.ts';

/** One message of a client. */
const MAX_MESSAGE_BYTES = 1024 * 1024;
const MAX_CLIENTS = 16;
/** Connections of any kind; a browser opens six. */
const MAX_CONNECTIONS = 128;
const REQUEST_TIMEOUT_MS = 10_000;
const PING_MS = 15_000;
const STALL_MS = 30_000;
/** For a client to answer that it heard of the end. */
const GOODBYE_MS = 500;

/** What a bridge needs. */
export interface BridgeOptions {
  readonly hub: Hub;
  /** 0 takes a free one. */
  readonly port: number;
  /** `127.0.0.1` if absent; only addresses of this machine for itself are taken. */
  readonly host?: string | undefined;
  /** HTML of the page at `/`. */
  readonly page: () => Promise<string | Buffer>;
  /** Stately's inspector page, or another that does the same; {@link STATELY_URL} if absent. */
  readonly statelyUrl?: string | undefined;
  /** A fresh one if absent. */
  readonly token?: string | undefined;
  readonly clock: { wallTime(): number };
  /** A client that takes nothing for so long is hung up on; 30 s if absent. */
  readonly stallMs?: number | undefined;
}

/** A bridge that listens. All its addresses carry the token. */
export interface Bridge {
  readonly port: number;
  /** Our viewer. */
  readonly url: string;
  /** A page with Stately's inspector. */
  readonly statelyUrl: string;
  /** For `createWebSocketReceiver({ server })` of `@statelyai/inspect`. */
  readonly receiverUrl: string;
  /** For `createWebSocketInspector({ url })` of `@statelyai/inspect`. */
  readonly publishUrl: string;
  /** For the viewer's decoder. */
  readonly feedUrl: string;
  readonly counters: BridgeCounters;
  /** Hangs up on everybody; resolves when every socket is closed. */
  close(): Promise<void>;
}

/** Serves a hub to browsers and to `@statelyai/inspect` on this machine. Errors: `USAGE` where it cannot listen, and for a `statelyUrl` that is no page's. */
export async function startBridge(options: BridgeOptions): Promise<Bridge> {
  const { hub, page, clock, host = '127.0.0.1', statelyUrl = STATELY_URL, stallMs = STALL_MS } = options;
  const token = options.token ?? createToken();
  const check = createTokenCheck(token);
  const counters = createCounters();
  const sockets = new Set<Socket>();
  const clients = new Map<WebSocket, { isAlive: boolean }>();
  const frame = originOf(statelyUrl);
  let publishers = 0;
  const count = (what: keyof BridgeCounters, by = 1): void => {
    counters[what] += by;
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const judged = admit(request, check);
    if (isRefusal(judged)) {
      count('refused');
      refuse(response, judged);
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      refuse(response, { status: 405, text: 'this only answers GET' }, { Allow: 'GET, HEAD' });
    } else if (hasBody(request)) refuse(response, { status: 413, text: 'this takes no body' });
    else if (judged.path !== '/' && judged.path !== '/stately.html') {
      refuse(response, { status: 404, text: 'there is / and /stately.html' });
    } else if (judged.hasToken) redirectWithCookie(response, judged.path, check.cookie);
    else if (judged.path === '/') answerPage(response, await page(), { authority: judged.authority, frame: null });
    else answerPage(response, statelyPage(statelyUrl), { authority: judged.authority, frame });
  };
  const server = createServer(
    { headersTimeout: REQUEST_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, connectionsCheckingInterval: 5_000 },
    (request, response) => {
      answer(request, response).catch((error: unknown) => {
        if (response.headersSent) response.destroy();
        else refuse(response, { status: 500, text: error instanceof Error ? error.message : String(error) });
      });
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', socket => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  const upgrader = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  server.on('upgrade', (request, socket: Duplex, head) => {
    // It may hang up at any time.
    socket.on('error', () => socket.destroy());
    const judged = admit(request, check);
    const refusal = isRefusal(judged)
      ? judged
      : !/^\/(?:feed|stately|publish)$/.test(judged.path)
        ? { status: 404, text: 'there is /feed, /stately and /publish' }
        : clients.size >= MAX_CLIENTS
          ? { status: 503, text: `there are ${MAX_CLIENTS} clients already; close one` }
          : null;
    if (refusal !== null) {
      count('refused');
      refuseUpgrade(socket, refusal);
      return;
    }
    const { path } = judged as { readonly path: string };
    upgrader.handleUpgrade(request, socket, head, ws => {
      welcome(ws);
      if (path === '/publish') {
        publishers += 1;
        servePublisher({ ws, hub, prefix: `p${publishers}/`, clock, onRejected: () => count('rejected') });
      } else {
        serveReader({
          ws,
          socket,
          hub,
          kind: path === '/feed' ? 'viewer' : 'stately',
          stallMs,
          onMissed: missed => count('missed', missed),
          onStalled: () => count('stalled'),
        });
      }
    });
  });
  const welcome = (ws: WebSocket): void => {
    const client = { isAlive: true };
    clients.set(ws, client);
    counters.clients = clients.size;
    ws.on('pong', () => {
      client.isAlive = true;
    });
    // Broken frames and those that are too large: `ws` closes the connection itself, with the code that says so.
    ws.on('error', () => undefined);
    ws.on('close', () => {
      clients.delete(ws);
      counters.clients = clients.size;
    });
  };
  const pings = setInterval(() => {
    for (const [ws, client] of clients) {
      // One that is busy taking what it got before is watched by its reader.
      if (!client.isAlive && ws.bufferedAmount === 0) ws.terminate();
      else if (ws.bufferedAmount === 0) {
        client.isAlive = false;
        ws.ping();
      }
    }
  }, PING_MS).unref();

  const close = async (): Promise<void> => {
    clearInterval(pings);
    const closed = new Promise<void>(resolve => server.close(() => resolve()));
    const hungUp = [...clients.keys()].map(ws => new Promise(resolve => ws.once('close', resolve)));
    for (const ws of clients.keys()) ws.close(1001, 'ovs-uplink ends');
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, GOODBYE_MS);
    await Promise.race([Promise.all(hungUp), late]);
    clearTimeout(timer);
    for (const ws of clients.keys()) ws.terminate();
    for (const socket of sockets) socket.destroy();
    await closed;
  };

  const port = await listen(server, host, options.port).catch(error => {
    clearInterval(pings);
    throw error;
  });
  const at = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return {
    port,
    url: `http://${at}/?token=${token}`,
    statelyUrl: `http://${at}/stately.html?token=${token}`,
    receiverUrl: `ws://${at}/stately?token=${token}`,
    publishUrl: `ws://${at}/publish?token=${token}`,
    feedUrl: `ws://${at}/feed?token=${token}`,
    counters,
    close,
  };
}

function hasBody({ headers }: IncomingMessage): boolean {
  return (headers['content-length'] ?? '0') !== '0' || headers['transfer-encoding'] !== undefined;
}

function originOf(url: string): string {
  const { protocol, origin } = URL.parse(url) ?? {};
  if (origin !== undefined && (protocol === 'https:' || protocol === 'http:')) return origin;
  throw uplinkError('USAGE', {
    what: 'not an address of a page',
    object: 'statelyUrl',
    expected: `one like ${STATELY_URL}`,
    got: url,
  });
}

async function listen(server: ReturnType<typeof createServer>, host: string, port: number): Promise<number> {
  if (!['127.0.0.1', '::1', 'localhost'].includes(host)) {
    throw uplinkError('USAGE', {
      what: 'cannot listen',
      object: host,
      expected: '127.0.0.1',
      advice: 'whoever sees this sees the host: reach it from another machine through `ssh -L`',
    });
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, resolve);
  }).catch((error: NodeJS.ErrnoException) => {
    const isTaken = error.code === 'EADDRINUSE';
    throw uplinkError(
      'USAGE',
      {
        what: 'cannot listen',
        object: `${host}:${port}`,
        ...(isTaken ? { got: 'another program listens there' } : { got: error.message }),
        ...(error.code === undefined ? {} : { errnoName: error.code }),
        advice: 'choose another port with `--port`; `--port 0` takes a free one',
      },
      error,
    );
  });
  server.on('error', () => undefined);
  return (server.address() as AddressInfo).port;
}
