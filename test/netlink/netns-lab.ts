import { execFileSync } from 'node:child_process';
import { type Address, plainAddress } from '../../src/domain/address.ts';
import type { Route } from '../../src/domain/route.ts';
import type { Netlink, NetlinkEvent } from '../../src/netlink/index.ts';

/** Live tests make network namespaces. */
export const canMakeNamespaces = process.getuid?.() === 0;
if (!canMakeNamespaces) console.warn('SKIPPED: netlink tests against the kernel need root to make network namespaces');

let made = 0;

/** A namespace of this test process alone; deleted by `remove`. */
export interface Namespace {
  readonly name: string;
  readonly path: string;
  /** Runs `ip -n <namespace> …` and returns what it printed; throws with its stderr when it fails. */
  ip(...args: string[]): string;
  /** `ip -j -d …`, parsed; the caller says which members it reads. */
  ipJson<T = Readonly<Record<string, unknown>>>(...args: string[]): T[];
  /** Runs a program inside. */
  exec(command: string, ...args: string[]): string;
  remove(): void;
}

/** Makes a namespace with its loopback up. */
export function createNamespace(suffix = 'x'): Namespace {
  const name = `nlt-${process.pid}-${suffix}${++made}`;
  const run = (command: string, args: string[], input?: string) =>
    execFileSync(command, args, {
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
      maxBuffer: 1 << 28,
      ...(input === undefined ? {} : { input }),
    });
  run('ip', ['netns', 'add', name]);
  const ip = (...args: string[]) => run('ip', ['-n', name, ...args]);
  ip('link', 'set', 'lo', 'up');
  return {
    name,
    path: `/run/netns/${name}`,
    ip,
    ipJson: (...args) => JSON.parse(ip('-j', '-d', ...args) || '[]'),
    exec: (command, ...args) => run('ip', ['netns', 'exec', name, command, ...args]),
    remove: () => run('ip', ['netns', 'del', name]),
  };
}

/** Runs `ip -batch` with these lines in a namespace. */
export function ipBatch(namespace: Namespace, lines: readonly string[]): void {
  execFileSync('ip', ['-n', namespace.name, '-batch', '-'], {
    input: `${lines.join('\n')}\n`,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
}

/** Two namespaces joined by a veth pair `a0` and `b0`, both up, 10.77.0.1/24 and .2, fd77::1/64 and ::2 without DAD. */
export function createPair(): { a: Namespace; b: Namespace; remove(): void } {
  const a = createNamespace('a');
  const b = createNamespace('b');
  a.ip('link', 'add', 'a0', 'type', 'veth', 'peer', 'name', 'b0', 'netns', b.name);
  for (const [ns, link, host] of [
    [a, 'a0', 1],
    [b, 'b0', 2],
  ] as const) {
    ns.ip('link', 'set', link, 'addrgenmode', 'none');
    ns.ip('addr', 'add', `10.77.0.${host}/24`, 'dev', link);
    ns.ip('addr', 'add', `fd77::${host}/64`, 'dev', link, 'nodad');
    ns.ip('link', 'set', link, 'up');
  }
  return {
    a,
    b,
    remove() {
      a.remove();
      b.remove();
    },
  };
}

/** An address with everything at rest; tests override what they are about. */
export function addressOf(part: Partial<Address> & Pick<Address, 'local' | 'linkIndex'>): Address {
  return { ...plainAddress(part.linkIndex, part.local, part.local.includes(':') ? 64 : 24), ...part };
}

/** A static unicast route with everything at rest; tests override what they are about. */
export function routeOf(part: Partial<Route> & Pick<Route, 'destination'>): Route {
  return {
    family: part.destination.includes(':') ? 6 : 4,
    table: 254,
    type: 1,
    protocol: 4,
    scope: 0,
    tos: 0,
    source: null,
    priority: null,
    prefSrc: null,
    flags: 0,
    preference: null,
    metrics: {},
    nexthops: [],
    nexthopId: null,
    encapType: null,
    expiresS: null,
    ...part,
  };
}

/** Collects events and lets a test wait for one; bounded by the test's own time limit. */
export class EventLog {
  readonly events: NetlinkEvent[] = [];
  #waiting: { matches: (event: NetlinkEvent) => boolean; resolve: (event: NetlinkEvent) => void }[] = [];

  readonly listener = (event: NetlinkEvent): void => {
    this.events.push(event);
    const due = this.#waiting.filter(one => one.matches(event));
    this.#waiting = this.#waiting.filter(one => !due.includes(one));
    for (const one of due) one.resolve(event);
  };

  until(matches: (event: NetlinkEvent) => boolean): Promise<NetlinkEvent> {
    const found = this.events.find(matches);
    if (found !== undefined) return Promise.resolve(found);
    return new Promise(resolve => this.#waiting.push({ matches, resolve }));
  }
}

/** Resolves when the routes are as wanted: now, or after one of the route events that follow. The kernel makes its own routes late. */
export async function untilRoutes(netlink: Netlink, areWanted: (routes: readonly Route[]) => boolean): Promise<void> {
  let wake = Promise.withResolvers<void>();
  const subscription = netlink.subscribe(['route'], () => wake.resolve());
  try {
    for (;;) {
      const next = wake.promise;
      if (areWanted(await netlink.routes())) return;
      await next;
      wake = Promise.withResolvers<void>();
    }
  } finally {
    subscription.close();
  }
}

/** The failure that a promise rejects with; fails the test when it resolves. */
export async function failureOf(promise: Promise<unknown>): Promise<Record<string, unknown> & { code: string }> {
  const { toFailure } = await import('../../src/errors.ts');
  try {
    await promise;
  } catch (error) {
    return { ...toFailure(error) };
  }
  throw new Error('expected a rejection');
}
