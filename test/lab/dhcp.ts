import { existsSync, readFileSync, watch } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { uplinkError } from '../../src/errors.ts';
import type { Lab } from './lab.ts';
import { missingPrograms } from './needs.ts';

/** A line of the server: what it heard and said, `DHCPACK(gw0) 10.9.0.50 …`. */
export interface DhcpLine {
  readonly text: string;
  /** `DHCPACK`, `DHCPRELEASE`, `DHCPREPLY`, … */
  readonly message: string;
}

/** A real dnsmasq on the gateway's side of the uplink. */
export interface LabDhcpServer extends AsyncDisposable {
  /** Messages so far, oldest first. */
  readonly lines: readonly DhcpLine[];
  /** Resolves with the first line from number `since` on that `matches` accepts; rejects with `DEADLINE`. */
  heard(matches: (line: DhcpLine) => boolean, options?: { since?: number; timeoutMs?: number }): Promise<DhcpLine>;
  /** Resolves when one more lease was granted or renewed than there are now. */
  nextAck(timeoutMs?: number): Promise<DhcpLine>;
  stop(): Promise<void>;
}

/** What {@link startDhcpServer} serves. */
export interface DhcpServerOptions {
  /** When clients renew (option 58), at least 3 s; default 4. Only dhclient and dhcpcd obey. Without effect on DHCPv6. */
  readonly renewS?: number;
  /** When clients ask any server (option 59); default twice {@link renewS}. */
  readonly rebindS?: number;
}

/** What a client of {@link startDhclient} and its like is. */
export interface LabDhcpClient {
  readonly argv: readonly string[];
  readonly leaseFile: string;
  readonly pidFile: string;
  /** What the client's script was called for, oldest first: `BOUND eth0`, `deconfig eth0`. */
  scriptCalls(): Promise<readonly string[]>;
  /** Pid from the pid file, of whoever wrote it last. */
  pid(): Promise<number>;
}

/** How a client is started. */
export interface DhcpClientOptions {
  /** Default: the uplink. */
  readonly link?: string;
  /** Default 4; dhclient alone speaks both. */
  readonly family?: 4 | 6;
}

/** The first address that the server gives. */
export const LEASES = {
  first4: '10.9.0.50',
  last4: '10.9.0.59',
  first6: '2001:db8:9::50',
  last6: '2001:db8:9::59',
} as const;

/** Shorter leases dnsmasq does not make. */
const LEASE_S = 120;
const START_TIMEOUT_MS = 10_000;
const BOUND_TIMEOUT_MS = 30_000;

/** What this machine lacks for a server and these clients, with the apt package; beside `labNeeds()`. */
export function dhcpNeeds(...clients: readonly ('dhclient' | 'udhcpc' | 'dhcpcd')[]): string[] {
  const packages = { dhclient: 'isc-dhcp-client', udhcpc: 'udhcpc', dhcpcd: 'dhcpcd-base' };
  const wanted = clients.map(client => [client, packages[client]] as const);
  return missingPrograms({ dnsmasq: 'dnsmasq-base', unshare: 'util-linux', ...Object.fromEntries(wanted) });
}

/** Starts dnsmasq in the gateway's namespace, for both families; its files are in the lab's folder. Rejects with `DEFECT`. */
export async function startDhcpServer(lab: Lab, options: DhcpServerOptions = {}): Promise<LabDhcpServer> {
  const renewS = options.renewS ?? 4;
  const argv = [
    'dnsmasq',
    '--keep-in-foreground',
    '--log-facility=-',
    '--log-dhcp',
    '--conf-file=/dev/null',
    '--user=root',
    `--pid-file=${join(lab.dir, 'dnsmasq.pid')}`,
    `--dhcp-leasefile=${join(lab.dir, 'dnsmasq.leases')}`,
    // No DNS: no server would be told to the clients, whose scripts then leave resolv.conf alone.
    '--port=0',
    '--interface=gw0',
    '--bind-interfaces',
    '--dhcp-authoritative',
    '--no-ping',
    `--dhcp-range=${LEASES.first4},${LEASES.last4},255.255.255.0,${LEASE_S}`,
    `--dhcp-range=${LEASES.first6},${LEASES.last6},64,${LEASE_S}`,
    '--dhcp-option=option:router,10.9.0.1',
    `--dhcp-option=58,${renewS}`,
    `--dhcp-option=59,${options.rebindS ?? 2 * renewS}`,
  ];
  const child = lab.spawn(lab.gatewayNs, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  const lines: DhcpLine[] = [];
  const said: string[] = [];
  const wakers = new Set<() => void>();
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()));
  const reader = createInterface({ input: child.stderr! });
  const bound = Promise.withResolvers<void>();
  reader.on('line', text => {
    said.push(text);
    if (text.includes('sockets bound')) bound.resolve();
    const message = /\b(DHCP[A-Z]+)\(/.exec(text)?.[1];
    if (message === undefined) return;
    lines.push({ text, message });
    for (const waker of [...wakers]) waker();
  });
  const heard: LabDhcpServer['heard'] = (matches, { since = 0, timeoutMs = 10_000 } = {}) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const line = lines.slice(since).find(matches);
        if (line === undefined) return;
        finish();
        resolve(line);
      };
      const finish = () => {
        clearTimeout(timer);
        wakers.delete(look);
      };
      const timer = setTimeout(() => {
        finish();
        const got =
          lines
            .slice(since)
            .map(line => line.text)
            .join(' | ') || 'nothing';
        reject(uplinkError('DEADLINE', { what: 'no such message at the DHCP server', object: lab.gatewayNs, got }));
      }, timeoutMs);
      wakers.add(look);
      look();
    });
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  const late = setTimeout(() => bound.reject(new Error('nothing in time')), START_TIMEOUT_MS);
  void ended.then(() => bound.reject(new Error(`exit ${child.exitCode}`)));
  try {
    await bound.promise;
  } catch (error) {
    await stop();
    const got = `${(error as Error).message}: ${said.slice(-3).join(' | ')}`;
    throw uplinkError('DEFECT', { what: 'dnsmasq did not start', object: lab.gatewayNs, got }, error);
  } finally {
    clearTimeout(late);
  }
  const isAck = ({ message }: DhcpLine) => message === 'DHCPACK' || message === 'DHCPREPLY';
  return {
    lines,
    heard,
    nextAck: timeoutMs => heard(isAck, { since: lines.length, ...(timeoutMs !== undefined && { timeoutMs }) }),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Starts ISC dhclient as Debian's ifupdown does, and resolves when it has its address and is in the background. */
export async function startDhclient(lab: Lab, options: DhcpClientOptions = {}): Promise<LabDhcpClient> {
  const link = options.link ?? lab.uplinkName;
  const family = options.family ?? 4;
  const files = await prepare(lab, `dhclient${family}.${link}`, '/sbin/dhclient-script', '$reason');
  const conf = join(files.dir, 'dhclient.conf');
  await writeFile(conf, 'request subnet-mask, broadcast-address, routers;\n');
  const argv = [
    'dhclient',
    `-${family}`,
    '-sf',
    files.script,
    '-cf',
    conf,
    '-pf',
    files.pidFile,
    '-lf',
    files.leaseFile,
    link,
  ];
  return await launch(lab, argv, files);
}

/** Starts BusyBox's udhcpc as Debian's ifupdown does, and resolves when it has its address and is in the background. */
export async function startUdhcpc(lab: Lab, options: Omit<DhcpClientOptions, 'family'> = {}): Promise<LabDhcpClient> {
  const link = options.link ?? lab.uplinkName;
  const files = await prepare(lab, `udhcpc.${link}`, '/etc/udhcpc/default.script', '$1');
  return await launch(lab, ['udhcpc', '-n', '-p', files.pidFile, '-i', link, '-s', files.script], files);
}

interface ClientFiles {
  readonly dir: string;
  readonly script: string;
  readonly log: string;
  readonly pidFile: string;
  readonly leaseFile: string;
}

/**
 * The client's script runs in mount and UTS namespaces of its own, with empty files over /run and /etc/resolv.conf: whoever starts the client, also
 * the program under test, the machine's files are left alone. The client keeps its own files in the lab's folder by its arguments.
 */
async function prepare(lab: Lab, name: string, script: string, reason: string): Promise<ClientFiles> {
  const dir = join(lab.dir, name);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const files: ClientFiles = {
    dir,
    script: join(dir, 'script'),
    log: join(dir, 'script.log'),
    pidFile: join(dir, 'pid'),
    leaseFile: join(dir, 'leases'),
  };
  await writeFile(join(dir, 'resolv.conf'), '');
  await writeFile(files.log, '');
  await writeFile(files.leaseFile, '');
  await writeFile(
    files.script,
    `#!/bin/sh
echo "${reason} $interface" >> ${files.log}
exec unshare --mount --uts --propagation slave sh -c '
mount --bind ${dir}/resolv.conf "$(readlink -f /etc/resolv.conf)" && mount -t tmpfs tmpfs /run && exec ${script} "$@"' sh "$@"
`,
  );
  await chmod(files.script, 0o700);
  return files;
}

async function launch(lab: Lab, argv: readonly string[], files: ClientFiles): Promise<LabDhcpClient> {
  await lab.run(lab.hostNs, argv, { check: true, timeoutMs: BOUND_TIMEOUT_MS });
  return {
    argv,
    leaseFile: files.leaseFile,
    pidFile: files.pidFile,
    scriptCalls: async () => (await readFile(files.log, 'utf8')).split('\n').filter(Boolean),
    pid: () => pidWritten(files),
  };
}

/** Resolves with the client's pid when it is written: dhclient does that in the background, after the one that started it has ended. */
async function pidWritten({ dir, pidFile }: ClientFiles): Promise<number> {
  const there = Promise.withResolvers<void>();
  const look = () => {
    if (existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n')) there.resolve();
  };
  const watcher = watch(dir, look);
  const late = setTimeout(() => there.reject(new Error(`no ${pidFile} in ${BOUND_TIMEOUT_MS} ms`)), BOUND_TIMEOUT_MS);
  look();
  try {
    await there.promise;
    return Number(readFileSync(pidFile, 'utf8'));
  } finally {
    clearTimeout(late);
    watcher.close();
  }
}

/** What dhcpcd itself (no script) works on: its own folders are covered by empty ones in a mount namespace of its own. */
const DHCPCD = `
mount -t tmpfs tmpfs /run && mkdir /run/dhcpcd && mount -t tmpfs tmpfs /var/lib/dhcpcd && exec dhcpcd "$@"`;

/** Starts dhcpcd, and resolves when it has its address and is in the background. */
export async function startDhcpcd(
  lab: Lab,
  options: Omit<DhcpClientOptions, 'family'> = {},
): Promise<Pick<LabDhcpClient, 'argv' | 'scriptCalls'>> {
  const link = options.link ?? lab.uplinkName;
  const files = await prepare(lab, `dhcpcd.${link}`, '/bin/true', '$reason');
  const conf = join(files.dir, 'dhcpcd.conf');
  // As Debian ships it, less what would be asked of DNS.
  await writeFile(
    conf,
    'duid\npersistent\noption classless_static_routes, interface_mtu\nrequire dhcp_server_identifier\nipv4only\nnoarp\n',
  );
  const argv = ['dhcpcd', '-4', '-w', '-f', conf, '-c', files.script, link];
  const { scriptCalls } = await launch(
    lab,
    ['unshare', '--mount', '--uts', '--propagation', 'slave', 'sh', '-c', DHCPCD, 'sh', ...argv.slice(1)],
    files,
  );
  return { argv, scriptCalls };
}
