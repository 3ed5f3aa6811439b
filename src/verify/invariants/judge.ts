import type { Address } from '../../domain/address.ts';
import type { KernelState } from '../../domain/kernel-state.ts';
import { linkByIndex, linkByName } from '../../domain/kernel-state.ts';
import type { Link } from '../../domain/link.ts';
import type { Route } from '../../domain/route.ts';
import type { EndedRun, Invariant, Violation } from './ended-run.ts';

/** What every check gets: the run, what follows from it, and where to put violations. */
export interface Judge {
  readonly run: EndedRun;
  /** The uplink in the base; undefined where somebody took it away. */
  readonly uplink: Link | undefined;
  /** The uplink now. */
  readonly uplinkNow: Link | undefined;
  /** The host port now; never the uplink. */
  readonly hostPort: Link | undefined;
  /** Name of a link in the base; the uplink's for the host port, which has what was the uplink's; of other new links, the present one. */
  nameOf(index: number | null): string;
  /** The same link now; the kernel may have given another ifindex to one that somebody made meanwhile. */
  counterpart(link: Link): Link | undefined;
  /** False for what somebody put on the uplink after the snapshot was taken: it must not be lost, but nobody moves it. */
  hadAddress(address: Address): boolean;
  hadRoute(route: Route): boolean;
  violated(invariant: Invariant, what: string, object: string, expected: unknown, got: unknown): void;
}

/** Opens a judgement. */
export function createJudge(run: EndedRun, violations: Violation[]): Judge {
  const { base, after, plan } = run;
  const uplink = plan === null ? linkByName(base.kernel, run.uplink) : linkByIndex(base.kernel, plan.uplinkIndex);
  const index = plan?.uplinkIndex ?? uplink?.index;
  const snapshot = run.journals[0]?.snapshot;
  const hostPortName = plan?.names.hostPort ?? null;
  // By name and what it is made of: the uplink may have the name as altname, or still as its own.
  const hostPort =
    hostPortName === null
      ? undefined
      : after.kernel.links.find(link => link.name === hostPortName && link.index !== index && isOvsLink(link));
  return {
    run,
    uplink,
    uplinkNow: index === undefined ? undefined : linkByIndex(after.kernel, index),
    hostPort,
    nameOf(at) {
      if (at === null) return 'no link';
      if (at === hostPort?.index) return run.uplink;
      return nameIn(base.kernel, at) ?? nameIn(after.kernel, at) ?? `link ${at}`;
    },
    counterpart(link) {
      const byIndex = linkByIndex(after.kernel, link.index);
      if (byIndex !== undefined && (link.index === index || isSameLink(link, byIndex))) return byIndex;
      return after.kernel.links.find(one => one.name === link.name && one.kind === link.kind && one.index !== index);
    },
    hadAddress(address) {
      if (snapshot === undefined || address.linkIndex !== index) return true;
      return snapshot.addresses.some(one => one.local === address.local && one.prefixLength === address.prefixLength);
    },
    hadRoute(route) {
      if (snapshot === undefined) return true;
      const { destination, table, priority } = route;
      return snapshot.routes.some(
        one => one.destination === destination && one.table === table && one.priority === priority,
      );
    },
    violated(invariant, what, object, expected, got) {
      if (run.foreign.includes(object)) return;
      violations.push({ invariant, what, object, expected: textOf(expected), got: textOf(got) });
    },
  };
}

function nameIn(kernel: KernelState, index: number): string | undefined {
  return linkByIndex(kernel, index)?.name;
}

function isSameLink(a: Link, b: Link): boolean {
  return a === b || (a.kind === b.kind && (a.name === b.name || a.mac === b.mac));
}

/** True for the kinds of link that Open vSwitch makes. */
export function isOvsLink(link: Pick<Link, 'kind'>): boolean {
  return link.kind === 'tun' || link.kind === 'openvswitch';
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
