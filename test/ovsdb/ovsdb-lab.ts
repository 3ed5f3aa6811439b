import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createOvsdbClient, type OvsdbClient, type Replica, type RowChange } from '../../src/ovsdb/index.ts';

/** The schema of the running system, only ever read. */
export const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema';

/** Why live tests cannot run here; undefined where they can. Said aloud, so that a skip is never taken for a pass. */
export function whyNoOvs(needRoot = false): string | undefined {
  const missing = ['ovsdb-server', 'ovsdb-tool', ...(needRoot ? ['ovs-vswitchd', 'ip'] : [])].filter(
    name => !inPath(name),
  );
  const why =
    missing.length > 0
      ? `${missing.join(', ')} not installed`
      : needRoot && process.getuid?.() !== 0
        ? 'not root: no network namespace can be made'
        : undefined;
  if (why !== undefined) console.warn(`SKIPPED live OVS tests: ${why}`);
  return why;
}

function inPath(program: string): boolean {
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'].some(dir => {
    try {
      accessSync(join(dir, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** A directory of our own, and everything that was started in it; disposed as a whole. */
export interface Lab extends AsyncDisposable {
  readonly dir: string;
  /** Starts a program that ends with the lab. */
  start(program: string, args: readonly string[]): Daemon;
  /** Something else to undo, newest first. */
  defer(undo: () => unknown): void;
}

export interface Daemon {
  readonly pid: number;
  /** Sends the signal and resolves when the program is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** What it has written so far. */
  output(): string;
}

export async function createLab(): Promise<Lab> {
  const dir = await mkdtemp(join(tmpdir(), 'ovs-uplink-'));
  const undo: (() => unknown)[] = [() => rm(dir, { recursive: true, force: true })];
  return {
    dir,
    defer: act => undo.push(act),
    start(program, args) {
      const child = spawn(program, args, {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, OVS_RUNDIR: dir, OVS_LOGDIR: dir, OVS_DBDIR: dir, OVS_SYSCONFDIR: dir },
      });
      const daemon = daemonOf(child);
      undo.push(() => daemon.kill('SIGKILL'));
      return daemon;
    },
    async [Symbol.asyncDispose]() {
      for (const act of undo.reverse()) await act();
    },
  };
}

function daemonOf(child: ChildProcess): Daemon {
  let text = '';
  child.stdout?.on('data', chunk => {
    text += chunk;
  });
  child.stderr?.on('data', chunk => {
    text += chunk;
  });
  const gone = once(child, 'exit');
  return {
    pid: child.pid ?? -1,
    output: () => text,
    async kill(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill(signal);
        await gone;
      }
    },
  };
}

/** A database file with the schema, and how its server is started (again). */
export interface TestServer {
  readonly remote: string;
  readonly file: string;
  start(): Daemon;
}

/** Makes a database; `listen` defaults to a unix socket in the lab. */
export function createServerIn(
  lab: Lab,
  name = 'db',
  options: { listen?: string; args?: string[]; schema?: string } = {},
): TestServer {
  const file = join(lab.dir, `${name}.db`);
  const socket = join(lab.dir, `${name}.sock`);
  execFileSync('ovsdb-tool', ['create', file, options.schema ?? SCHEMA]);
  return {
    file,
    remote: `unix:${socket}`,
    start: () =>
      lab.start('ovsdb-server', [
        file,
        `--remote=${options.listen ?? `punix:${socket}`}`,
        `--unixctl=${join(lab.dir, `${name}.ctl`)}`,
        '-vconsole:warn',
        '-vfile:off',
        '-vsyslog:off',
        ...(options.args ?? []),
      ]),
  };
}

/** A connected client that ends with the lab. */
export async function connectIn(
  lab: Lab,
  remotes: string | readonly string[],
  options: Partial<Parameters<typeof createOvsdbClient>[0]> = {},
): Promise<OvsdbClient> {
  const client = createOvsdbClient({ reconnect: { minDelayMs: 10, maxDelayMs: 100 }, ...options, remotes });
  lab.defer(() => client.close());
  await client.connect({ timeoutMs: 10_000 });
  return client;
}

/** Resolves with the first event of this type from now on. */
export function nextEvent<T extends string>(client: OvsdbClient, type: T): Promise<unknown> {
  return new Promise(resolve => {
    const end = client.subscribe(event => {
      if (event.type !== type) return;
      end();
      resolve(event);
    });
  });
}

/** Resolves when the condition holds, looking at each change of the replica. */
export function untilReplica(replica: Replica, holds: () => boolean): Promise<void> {
  if (holds()) return Promise.resolve();
  return new Promise(resolve => {
    const end = replica.subscribe(() => {
      if (!holds()) return;
      end();
      resolve();
    });
  });
}

/** Keeps every change that a replica tells. */
export function recordChanges(replica: Replica): RowChange[] {
  const seen: RowChange[] = [];
  replica.subscribe(changes => seen.push(...changes));
  return seen;
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
