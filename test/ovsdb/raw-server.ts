import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createJsonFramer } from '../../src/ovsdb/json-framer.ts';
import type { Lab } from './ovsdb-lab.ts';

/** A request as it came over the wire. */
export interface RawRequest {
  readonly id: unknown;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** A server that says only what the test tells it to; resolves to its remote. */
export async function startRawServer(lab: Lab, name: string, onConnection: (socket: Socket) => void): Promise<string> {
  const path = join(lab.dir, `${name}.sock`);
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    onConnection(socket);
  }).listen(path);
  await once(server, 'listening');
  lab.defer(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `unix:${path}`;
}

/** Calls back for each message that comes on a socket. */
export function onMessages(socket: Socket, take: (message: Record<string, unknown>) => void): void {
  const framer = createJsonFramer({ onMessage: text => take(JSON.parse(text)) });
  socket.on('data', (chunk: Buffer) => framer.push(chunk));
}

/** A minimal database: one table with one integer column. */
export const TINY_SCHEMA = {
  name: 'Tiny',
  version: '1.0.0',
  tables: { T: { columns: { n: { type: 'integer' } }, isRoot: true } },
};

/** Answers as ovsdb-server 2.5 does (no _Server, monitor only), but for what `special` answers itself by returning true. */
export function serveTiny(
  socket: Socket,
  special: (request: RawRequest, send: (message: unknown) => void) => boolean,
): void {
  const send = (message: unknown) => socket.write(JSON.stringify(message));
  onMessages(socket, message => {
    const request = message as unknown as RawRequest;
    if (request.method === undefined || special(request, send)) return;
    const { id, method, params } = request;
    if (method === 'echo') send({ id, result: params, error: null });
    else if (method === 'get_schema') send({ id, result: TINY_SCHEMA, error: null });
    else if (method === 'monitor') send({ id, result: {}, error: null });
    else send({ id, error: 'unknown method' });
  });
}

/** Sits between a client and a real server, and lets a test see and answer requests in the server's place. */
export async function startProxy(
  lab: Lab,
  name: string,
  target: string,
  intercept: (request: RawRequest) => unknown | undefined,
): Promise<{ remote: string; requests: RawRequest[] }> {
  const requests: RawRequest[] = [];
  const remote = await startRawServer(lab, name, socket => {
    const upstream = connect(target.slice('unix:'.length));
    upstream.on('error', () => {});
    upstream.on('close', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
    upstream.pipe(socket);
    onMessages(socket, message => {
      const request = message as unknown as RawRequest;
      if (request.method !== undefined) requests.push(request);
      const answer = request.method === undefined ? undefined : intercept(request);
      if (answer === undefined) upstream.write(JSON.stringify(message));
      else socket.write(JSON.stringify(answer));
    });
  });
  return { remote, requests };
}
