// The process behind probe.ts: a server that echoes, or a client. It ends with its parent.
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setPriority } from 'node:os';
import type { ProbeCommand, ProbeReport, ProbeRole } from './probe-messages.ts';
import { echoConnection, openTcpFlow } from './probe-tcp.ts';
import { openSocket, openUdpFlow, type UdpFlow } from './probe-udp.ts';

/** Sleep of the pacing loop between two looks at the clock and the sockets. */
const SLICE_MS = 0.1;
/** After the last answer, time for duplicates that are still under way. */
const QUIET_MS = 30;
/** Nobody ever wakes it: a wait on it is a sleep of less than a millisecond. */
const sleeper = new Int32Array(new SharedArrayBuffer(4));

const role = JSON.parse(process.argv[2] ?? '') as ProbeRole;
process.once('disconnect', () => process.exit(0));
beOnTime();
switch (role.kind) {
  case 'server':
    await serve();
    break;
  case 'udp-client':
    await runUdpClient(role);
    break;
  case 'tcp-client':
    await runTcpClient(role);
    break;
  default:
    role satisfies never;
}

function report(message: ProbeReport): Promise<void> {
  return new Promise(resolve => process.send?.(message, () => resolve()));
}

// The measuring must not suffer from what is measured, nor from a busy machine; both need root, as the lab does.
function beOnTime(): void {
  try {
    setPriority(-10);
    // The kernel may wake a sleeper this much later than asked (PR_SET_TIMERSLACK); the default is 50 µs.
    writeFileSync('/proc/self/timerslack_ns', '1000');
  } catch {
    // a container without CAP_SYS_NICE: longestSendStallMs tells how it went
  }
}

async function serve(): Promise<void> {
  // The sockets of both families share a port, so that a client needs one number only.
  const udp6 = await openSocket('udp6', null);
  const udpPort = udp6.address().port;
  const udp4 = await openSocket('udp4', null, udpPort);
  for (const socket of [udp4, udp6]) {
    socket.on('message', (message, sender) => socket.send(message, sender.port, sender.address, () => {}));
  }
  const server = createServer(echoConnection);
  server.listen({ port: 0, host: '::' }, () => {
    const address = server.address();
    const tcpPort = typeof address === 'object' && address !== null ? address.port : 0;
    void report({ event: 'listening', udpPort, tcpPort });
  });
}

async function runUdpClient({ targets, port, rateHz }: ProbeRole & { kind: 'udp-client' }): Promise<void> {
  const flows = await Promise.all(targets.map(target => openUdpFlow(target, port)));
  const asked: { graceMs?: number } = {};
  const awaited: { id: number; counts: number[] }[] = [];
  process.on('message', message => {
    const command = message as ProbeCommand;
    if (command.command === 'stop') asked.graceMs = command.graceMs;
    else awaited.push({ id: command.id, counts: flows.map(flow => flow.answered() + command.amount) });
  });
  const reportProgress = () => {
    const first = awaited[0];
    if (first === undefined || !flows.every((flow, index) => flow.answered() >= first.counts[index]!)) return;
    awaited.shift();
    void report({ event: 'progressed', id: first.id });
  };
  await pace(flows, rateHz, () => flows.every(flow => flow.isAnswered()));
  for (const flow of flows) flow.startCounting();
  void report({ event: 'flowing' });
  await pace(flows, rateHz, () => {
    reportProgress();
    return asked.graceMs !== undefined;
  });
  await drain(flows, asked.graceMs ?? 0);
  const results = Object.fromEntries(flows.map((flow, index) => [targets[index]!.address, flow.result()]));
  await report({ event: 'udp-result', results });
  process.exit(0);
}

/**
 * Sends at `rateHz` on every flow, the flows evenly shifted, until `isDone`. Every send has its moment on one grid, so a
 * late one does not delay the others. Between the moments the thread sleeps in slices: libuv's timers count
 * milliseconds, and a busy loop would take a processor from what is measured.
 */
async function pace(flows: readonly UdpFlow[], rateHz: number, isDone: () => boolean): Promise<void> {
  const startMs = performance.now();
  const stepMs = 1000 / rateHz / flows.length;
  for (let step = 0; !isDone(); ) {
    const dueMs = startMs + step * stepMs;
    const aheadMs = dueMs - performance.now();
    if (aheadMs <= 0) {
      flows[step % flows.length]!.send();
      step += 1;
    } else {
      sleep(Math.min(aheadMs, SLICE_MS));
    }
    await eventLoopTurn();
  }
}

/** Waits until everything is answered and quiet, at most `graceMs`. */
async function drain(flows: readonly UdpFlow[], graceMs: number): Promise<void> {
  const endMs = performance.now() + graceMs;
  let quietSinceMs = performance.now();
  while (performance.now() < endMs) {
    if (!flows.every(flow => flow.isComplete())) quietSinceMs = performance.now();
    if (performance.now() - quietSinceMs >= QUIET_MS) return;
    sleep(SLICE_MS);
    await eventLoopTurn();
  }
}

function sleep(milliseconds: number): void {
  Atomics.wait(sleeper, 0, 0, milliseconds);
}

function eventLoopTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}

async function runTcpClient({ target, port, bytesPerS }: ProbeRole & { kind: 'tcp-client' }): Promise<void> {
  const flow = openTcpFlow(target, port, bytesPerS);
  process.on('message', message => {
    const command = message as ProbeCommand;
    if (command.command === 'progress') {
      flow.onceProgressed(command.amount, () => void report({ event: 'progressed', id: command.id }));
      return;
    }
    void flow.finish(command.graceMs).then(async result => {
      await report({ event: 'tcp-result', result });
      process.exit(0);
    });
  });
  await flow.flowing;
  void report({ event: 'flowing' });
}
