/**
 * Netlink client beside iproute2, in a network namespace of its own: `node bench/netlink.ts` (root). Everything that is
 * compared runs interleaved in one process run, because the machine's load changes; medians, 95th percentiles, ratios.
 */
import { execFileSync } from 'node:child_process';
import { type Address, plainAddress } from '../src/domain/address.ts';
import type { Route } from '../src/domain/route.ts';
import { addRouteRequest, type Netlink, openNetlink } from '../src/netlink/index.ts';

const namespace = `nlbench-${process.pid}`;
const SIZES = [100_000, 1_000_000];
const ROUNDS = { dump: [9, 5], latency: 5, latencySamples: 2000, ipSamples: 40 } as const;

/** Milliseconds of one run. */
async function time(action: () => unknown): Promise<number> {
  const start = process.hrtime.bigint();
  await action();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;
}

interface Candidate {
  readonly name: string;
  readonly run: () => unknown;
  /** Calls per sample; the sample is divided by it. */
  readonly count?: number;
}

/** Runs all candidates round by round and prints a table; the first one is what the others are compared with. */
async function compare(
  title: string,
  unit: 'ms' | 'us',
  rounds: number,
  candidates: readonly Candidate[],
): Promise<void> {
  const samples = new Map<Candidate, number[]>(candidates.map(candidate => [candidate, []]));
  for (const candidate of candidates) await candidate.run();
  for (let round = 0; round < rounds; round++) {
    for (const candidate of candidates) {
      globalThis.gc?.();
      const ms = await time(candidate.run);
      samples.get(candidate)!.push(((unit === 'us' ? 1000 : 1) * ms) / (candidate.count ?? 1));
    }
  }
  const base = quantile(samples.get(candidates[0]!)!, 0.5);
  console.log(`\n${title} (${unit}, ${rounds} rounds)`);
  for (const candidate of candidates) {
    const values = samples.get(candidate)!;
    const median = quantile(values, 0.5);
    console.log(
      `  ${candidate.name.padEnd(52)} median ${median.toFixed(1).padStart(9)}  p95 ${quantile(values, 0.95).toFixed(1).padStart(9)}  x${(median / base).toFixed(2)}`,
    );
  }
}

async function fill(netlink: Netlink, from: number, to: number, link: number): Promise<number> {
  const route = (i: number): Route => ({
    family: 4,
    table: 254,
    type: 1,
    protocol: 4,
    scope: 0,
    tos: 0,
    destination: `${20 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.1/32`,
    source: null,
    priority: null,
    prefSrc: null,
    flags: 0,
    preference: null,
    metrics: {},
    nexthops: [{ linkIndex: link, gateway: '10.1.0.2', gatewayFamily: 4, weight: 1, flags: 0 }],
    nexthopId: null,
    encapType: null,
    expiresS: null,
  });
  return await time(async () => {
    for (let start = from; start < to; start += 10_000) {
      const requests = Array.from({ length: Math.min(10_000, to - start) }, (_, i) =>
        addRouteRequest(route(start + i), 'create'),
      );
      const failed = (await netlink.batch(requests)).find(result => !result.ok);
      if (failed !== undefined && !failed.ok) throw failed.error;
    }
  });
}

const ip = (...args: string[]) =>
  execFileSync('ip', ['-n', namespace, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });

async function main(): Promise<void> {
  ip('link', 'set', 'lo', 'up');
  ip('link', 'add', 'e0', 'type', 'veth', 'peer', 'name', 'e1');
  ip('link', 'set', 'e1', 'up');
  ip('link', 'set', 'e0', 'up');
  ip('addr', 'add', '10.1.0.1/24', 'dev', 'e0');
  await using netlink = openNetlink({ netnsPath: `/run/netns/${namespace}` });
  const link = (await netlink.linkByName('e0'))!.index;

  const address: Address = { ...plainAddress(link, '10.2.0.1', 24), label: 'e0' };
  const repeat = (count: number, action: () => Promise<unknown>) => async () => {
    for (let i = 0; i < count; i++) await action();
  };
  const addAndRemove = async () => {
    await netlink.addAddress(address, 'create');
    await netlink.removeAddress(address);
  };
  const ipAddAndRemove = async () => {
    ip('addr', 'add', '10.2.0.1/24', 'dev', 'e0');
    ip('addr', 'del', '10.2.0.1/24', 'dev', 'e0');
  };
  const { latency, latencySamples, ipSamples } = ROUNDS;
  await compare('Look a link up by name: request and acknowledgement', 'us', latency, [
    { name: 'linkByName', run: repeat(latencySamples, () => netlink.linkByName('e0')), count: latencySamples },
    {
      name: '`ip link show e0` (process)',
      run: repeat(ipSamples, async () => ip('link', 'show', 'e0')),
      count: ipSamples,
    },
  ]);
  await compare('Add an address and remove it: two acknowledged requests', 'us', latency, [
    { name: 'addAddress + removeAddress', run: repeat(latencySamples, addAndRemove), count: latencySamples },
    { name: '`ip addr add` + `ip addr del` (processes)', run: repeat(ipSamples, ipAddAndRemove), count: ipSamples },
  ]);

  let filled = 0;
  for (const [i, size] of SIZES.entries()) {
    const ms = await fill(netlink, filled, size, link);
    console.log(
      `\nadded ${size - filled} routes in batches, an acknowledgement each: ${(((size - filled) / ms) * 1000).toFixed(0)} routes/s`,
    );
    filled = size;
    const filter = { family: 4 } as const;
    await compare(`Dump of ${size} IPv4 routes`, 'ms', ROUNDS.dump[i]!, [
      {
        name: '`ip -N -4 route show table all` (process, to /dev/null)',
        run: () => ip('-N', '-4', 'route', 'show', 'table', 'all'),
      },
      { name: 'routeColumns: typed arrays', run: () => netlink.routeColumns(filter) },
      { name: 'routes: objects, all kept', run: () => netlink.routes(filter) },
      { name: 'routes of a small table (kernel filter)', run: () => netlink.routes({ family: 4, table: 255 }) },
    ]);
  }
  console.log(`\npeak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB, node ${process.version}`);
}

if (process.getuid?.() !== 0) {
  console.error('SKIPPED: needs root to make a network namespace');
} else {
  execFileSync('ip', ['netns', 'add', namespace]);
  try {
    await main();
  } finally {
    execFileSync('ip', ['netns', 'del', namespace]);
  }
}
