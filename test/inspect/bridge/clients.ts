import { request } from 'node:http';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import type { Hub } from '../../../src/inspect/bridge/hub.ts';
import { createHub } from '../../../src/inspect/bridge/hub.ts';
import type { Bridge, BridgeOptions } from '../../../src/inspect/bridge/serve.ts';
import { startBridge } from '../../../src/inspect/bridge/serve.ts';
import type { Gap } from '../../../src/inspect/wire/encoded.ts';
import { createDecoder } from '../../../src/inspect/wire/encoded.ts';
import type { WireMessage } from '../../../src/inspect/wire/messages.ts';

/** A bridge on a free port over a hub; disposed at the end of the block. */
export async function openBridge(
  hub: Hub = createHub(),
  options: Partial<BridgeOptions> = {},
): Promise<Bridge & { readonly hub: Hub; readonly token: string } & AsyncDisposable> {
  const bridge = await startBridge({
    hub,
    port: 0,
    page: async () => '<!doctype html><script>/* viewer */</script>',
    clock: { wallTime: () => 0 },
    ...options,
  });
  const token = new URL(bridge.url).searchParams.get('token')!;
  return Object.assign(bridge, { hub, token, [Symbol.asyncDispose]: bridge.close });
}

/** What came back of a request. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A plain HTTP request, with any headers. */
export function ask(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const made = request({ host: '127.0.0.1', port, path, method, headers: { ...headers }, agent: false }, response => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body: text }));
    });
    made.on('error', reject);
    made.end(body);
  });
}

/** How an upgrade ended: `open`, or the status and sentence of the refusal. */
export function tryUpgrade(url: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(url, { headers });
    ws.on('open', () => {
      resolve('open');
      ws.terminate();
    });
    ws.on('unexpected-response', (_, response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve(`${response.statusCode} ${text.trim()}`));
    });
    ws.on('error', reject);
  });
}

/** A viewer that decodes what it gets. */
export interface Viewer {
  readonly ws: WebSocket;
  readonly messages: (WireMessage | Gap)[];
  /** Resolves once a message is as asked; all so far are looked at, too. */
  until(isAsked: (message: WireMessage | Gap) => boolean): Promise<void>;
  readonly closed: Promise<number>;
}

/** Opens one. */
export async function openViewer(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Viewer> {
  const ws = new WebSocket(url, { headers });
  const decoder = createDecoder();
  const messages: (WireMessage | Gap)[] = [];
  let onMessage = (): void => undefined;
  ws.on('message', data => {
    messages.push(...decoder.decodeFrame(String(data)));
    onMessage();
  });
  const closed = new Promise<number>(resolve => ws.once('close', resolve));
  await new Promise((resolve, reject) => {
    ws.once('open', resolve);
    ws.once('error', reject);
  });
  ws.on('error', () => undefined);
  return {
    ws,
    messages,
    closed,
    until: isAsked =>
      new Promise(resolve => {
        onMessage = () => {
          if (messages.some(isAsked)) resolve();
        };
        onMessage();
      }),
  };
}

/** Upgrades by hand on a socket that then reads nothing. */
export async function openDeafClient(port: number, path: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n\r\n`,
  );
  await new Promise<void>(resolve => socket.once('readable', () => resolve()));
  return socket;
}
