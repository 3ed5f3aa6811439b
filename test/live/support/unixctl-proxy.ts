import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Lab } from '../../lab/lab.ts';

/** What was asked of ovs-vswitchd's control socket, and when. */
export interface RecordedRequest {
  readonly method: string;
  readonly parameters: readonly unknown[];
  /** `datapath_id` of the bridge at that moment; `[]` in ovs-vsctl's words while it has none. */
  readonly datapathId: string;
}

/** A control socket that passes everything on to ovs-vswitchd's own and writes the requests down. */
export interface UnixctlProxy extends AsyncDisposable {
  /** For `--unixctl`. */
  readonly path: string;
  /** Requests so far, oldest first. */
  readonly requests: readonly RecordedRequest[];
}

/** Starts the proxy. A request is passed on only after the bridge's `datapath_id` was read. */
export async function startUnixctlProxy(lab: Lab, bridge: string): Promise<UnixctlProxy> {
  const path = join(lab.dir, 'recorded.ctl');
  const requests: RecordedRequest[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(client => {
    const daemon = connect(lab.vswitchdCtl);
    for (const [socket, other] of [
      [client, daemon],
      [daemon, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    daemon.pipe(client);
    const pass = async (chunk: Buffer) => {
      // The clients here send one request at a time, which fits into one chunk.
      const { method, params } = JSON.parse(chunk.toString()) as { method: string; params: unknown[] };
      const datapathId = await lab.vsctl('--if-exists', 'get', 'bridge', bridge, 'datapath_id');
      requests.push({ method, parameters: params, datapathId });
      daemon.write(chunk);
    };
    client.on('data', chunk => pass(chunk).catch(error => client.destroy(error as Error)));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return {
    path,
    requests,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>(resolve => {
        server.close(() => resolve());
      });
    },
  };
}
