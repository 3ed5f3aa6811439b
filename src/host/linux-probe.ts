import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { NUD_PERMANENT } from '../domain/neighbour.ts';
import type { Probe } from '../domain/request.ts';
import { formatProbe } from '../domain/request.ts';
import { isDefault } from '../domain/route.ts';
import type { Netlink } from '../netlink/index.ts';
import type { ProbeOutcome } from './host.ts';

type Target = ProbeOutcome['targets'][number];

/** Asks one probe. Never rejects for an answer that does not come; rejects when the signal aborts. */
export async function runProbe(
  probe: Probe,
  netlink: Netlink,
  links: readonly number[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ProbeOutcome> {
  const targets = await ask(probe, netlink, links, timeoutMs, signal);
  signal.throwIfAborted();
  const failed = targets.filter(target => !target.passed);
  return {
    probe,
    passed: targets.length > 0 && failed.length === 0,
    detail: targets.length === 0 ? 'nothing to ask' : targets.map(t => `${t.target}: ${t.detail}`).join(', '),
    targets,
  };
}

function ask(
  probe: Probe,
  netlink: Netlink,
  links: readonly number[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<readonly Target[]> {
  switch (probe.kind) {
    case 'gateway':
      return askGateways(netlink, links, timeoutMs, signal);
    case 'tcp':
      return askTcp(probe, timeoutMs, signal).then(target => [target]);
    case 'command':
      return askCommand(probe, timeoutMs, signal).then(target => [target]);
  }
}

/** Every gateway of a default route on the links, both families, by neighbour discovery. */
async function askGateways(
  netlink: Netlink,
  links: readonly number[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<readonly Target[]> {
  const gateways = new Map<string, { linkIndex: number; address: string }>();
  for (const route of await netlink.routes()) {
    if (!isDefault(route)) continue;
    for (const hop of route.nexthops) {
      if (hop.gateway === null || hop.linkIndex === null || !links.includes(hop.linkIndex)) continue;
      gateways.set(hop.gateway, { linkIndex: hop.linkIndex, address: hop.gateway });
    }
  }
  return Promise.all([...gateways.values()].map(gateway => askGateway(netlink, gateway, timeoutMs, signal)));
}

async function askGateway(
  netlink: Netlink,
  gateway: { readonly linkIndex: number; readonly address: string },
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Target> {
  const target = gateway.address;
  const known = await netlink.neighbours({ linkIndex: gateway.linkIndex });
  // A permanent entry is never probed by the kernel, and must not be touched.
  if (known.some(n => n.address === target && (n.state & NUD_PERMANENT) !== 0)) {
    return { target, passed: true, detail: 'permanent neighbour, not asked' };
  }
  const { reachable, mac } = await netlink.probeNeighbour(gateway, { timeoutMs, signal });
  return { target, passed: reachable, detail: reachable ? `is at ${mac}` : 'no answer' };
}

function askTcp(probe: Extract<Probe, { kind: 'tcp' }>, timeoutMs: number, signal: AbortSignal): Promise<Target> {
  const target = formatProbe(probe);
  return new Promise(resolve => {
    const socket = connect({ host: probe.host, port: probe.port, timeout: timeoutMs, signal });
    const end = (passed: boolean, detail: string): void => {
      socket.destroy();
      resolve({ target, passed, detail });
    };
    socket.once('connect', () => end(true, 'connected'));
    socket.once('timeout', () => end(false, `no answer in ${timeoutMs} ms`));
    socket.once('error', error => end(false, error.message));
  });
}

function askCommand(
  probe: Extract<Probe, { kind: 'command' }>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Target> {
  const target = formatProbe(probe);
  const [file = '', ...args] = probe.argv;
  return new Promise(resolve => {
    execFile(
      file,
      args,
      { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 1 << 20, signal },
      (error, _out, err) => {
        const detail =
          error === null ? 'exit 0' : `${error.message.split('\n')[0]} ${err.trim().split('\n').at(-1) ?? ''}`;
        resolve({ target, passed: error === null, detail: detail.trim() });
      },
    );
  });
}
