import type { Address } from '../domain/address.ts';
import type { Effect, EffectResult, LinkRef } from '../domain/effect.ts';
import type { HostFacts, HostIdentity } from '../domain/host-facts.ts';
import type { KernelState } from '../domain/kernel-state.ts';
import type { Link } from '../domain/link.ts';
import type { Sriov } from '../domain/move/precheck.ts';
import type { OvsState } from '../domain/ovs-state.ts';
import type { ManagerName, OwnerFacts } from '../domain/owners.ts';
import type { Probe } from '../domain/request.ts';
import type { LinkSysctls } from '../domain/snapshot.ts';
import type { Failure } from '../errors.ts';

/** What a host tells, in the order in which it happened. Names are those of the charts' events. */
export type HostEvent =
  | { readonly type: 'netlink.link.changed'; readonly link: Link }
  | { readonly type: 'netlink.link.removed'; readonly link: Link }
  | { readonly type: 'netlink.address.changed'; readonly address: Address }
  | { readonly type: 'netlink.address.removed'; readonly address: Address }
  /** Events were lost (ENOBUFS): everything that is known must be read again. */
  | { readonly type: 'netlink.resync' }
  /** A manager took the uplink, let it go, was started or ended. */
  | { readonly type: 'owner.changed'; readonly owner: ManagerName }
  | { readonly type: 'ovsdb.connection.opened' }
  | { readonly type: 'ovsdb.connection.lost'; readonly failure: Failure }
  | { readonly type: 'ovsdb.state.changed'; readonly ovs: OvsState };

/** `hung`: it takes connections but does not answer; `unknown`: its control socket is not to be found from here. */
export type VswitchdState = 'alive' | 'hung' | 'gone' | 'unknown';

/** Which rows with a migration's mark are in OVSDB. */
export interface OwnRows {
  readonly bridge: boolean;
  readonly hostPort: boolean;
  readonly uplink: boolean;
}

/** Another network namespace, for links that go there and come back. It lives at least as long as this is open. */
export interface Netns extends AsyncDisposable {
  readonly path: string;
  /** Device and inode: another namespace may come to have the same path. */
  readonly id: string;
  /** As {@link Host.readKernel}. */
  readKernel(scope: { readonly routes: boolean }): Promise<KernelState>;
  /** As {@link Host.apply}, for effects of the kernel; `link.move` goes to `home` or to another namespace that is open. */
  apply(effects: readonly Effect[], signal: AbortSignal): Promise<readonly EffectResult[]>;
  /** Called for every change of its links and addresses; returns what ends it. */
  subscribe(listener: () => void): () => void;
}

/** Facts outside netlink that a move needs. */
export interface MoveFacts {
  readonly identity: HostIdentity;
  readonly sriov: Sriov | null;
}

/** What the kernel can do with a link that changes its namespace; found by trying, on links made for it. */
export interface MoveAbilities {
  /** One message moves, renames and raises. */
  readonly oneMessage: boolean;
}

/** Outcome of one {@link Probe}. */
export interface ProbeOutcome {
  readonly probe: Probe;
  readonly passed: boolean;
  /** What was seen: "10.9.0.1 is at 02:…", "connection refused". */
  readonly detail: string;
  /** The single targets, so that a gateway of one family that never answered does not hide the other. */
  readonly targets: readonly { readonly target: string; readonly passed: boolean; readonly detail: string }[];
}

/**
 * The host as the engine sees it: the only way in which the engine reads or changes anything. `LinuxHost` is the real
 * one; a simulated one models it.
 *
 * Every method rejects with an `UplinkError` on an operational failure and honours its signal. Effects are carried out
 * one batch at a time.
 */
export interface Host extends AsyncDisposable {
  /** Facts for the pre-checks. */
  readFacts(uplink: string): Promise<HostFacts>;
  /** One dump of everything that netlink knows of this namespace; without `routes` the routes are left out. */
  readKernel(scope: { readonly routes: boolean }): Promise<KernelState>;
  /** All per-link sysctls of a link by its present name. */
  readSysctls(linkName: string): Promise<LinkSysctls>;
  /** Names of the links on which the kernel drops what arrives, because we told it to; also of links that are gone. */
  mutedLinks(): Promise<readonly string[]>;

  /** Who else manages the uplink, and what of it goes on with the host port. What does not answer in time is told as silent; never rejects for it. */
  readOwners(uplink: LinkRef, hostPort: LinkRef | null): Promise<OwnerFacts>;

  /**
   * Resolves to true when udev has handled a link that just appeared and the link has that MAC; to false at once where no udev handles the links of
   * this namespace (`known` is one that it must know of then), and when the signal ends the wait.
   */
  awaitUdev(link: Link, mac: string, known: Link, signal: AbortSignal): Promise<boolean>;

  /** The last known copy of OVSDB; undefined while it was never reached. */
  ovs(): OvsState | undefined;
  /** True while the OVSDB connection stands and the copy is current. */
  ovsConnected(): boolean;
  /** Connects to OVSDB and keeps reconnecting until closed; resolves when the first copy is complete. */
  connectOvs(signal: AbortSignal): Promise<OvsState>;
  /** Asks ovs-vswitchd for a sign of life: raises `next_cfg` and resolves to the value that `cur_cfg` must reach. */
  bumpConfiguration(signal: AbortSignal): Promise<number>;
  /** Reads from the server itself, past any copy, which rows a migration owns. */
  ownRows(id: string, signal: AbortSignal): Promise<OwnRows>;
  /**
   * Asks ovs-vswitchd for a sign of life over its control socket. An answer also says that its present turn is over: what it was about to do in
   * the kernel is done.
   */
  checkVswitchd(limitMs: number, signal: AbortSignal): Promise<VswitchdState>;
  /** A question to ovs-vswitchd's control socket; resolves to the datapath features of a bridge. */
  showDatapathFeatures(bridge: string, signal: AbortSignal): Promise<string>;

  /**
   * Carries the effects out in order and tells what became of each. Neighbouring netlink effects go out in one message
   * batch: a refused one does not stop the rest of its batch. A refused OVSDB effect stops what follows; the results are then
   * shorter than the effects. An OVSDB effect resolves on commit; that it is applied is seen in {@link HostEvent}s
   * (`curCfg` reaching the result's `nextCfg`).
   */
  apply(effects: readonly Effect[], signal: AbortSignal): Promise<readonly EffectResult[]>;

  probe(
    probe: Probe,
    uplinkOrHostPort: readonly number[],
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<ProbeOutcome>;

  /**
   * Takes the host-wide OVSDB lock. Rejects with `LOCK_HELD` when another holds it and does not let go within `patienceMs` (default 0). The
   * lock goes with the connection; its loss is told by `onLost`.
   */
  lockOvs(onLost: (failure: Failure) => void, signal: AbortSignal, patienceMs?: number): Promise<() => Promise<void>>;

  /**
   * Opens another network namespace; `link.move` finds it by its path as long as it is open. Rejects with `USAGE` when there is none, or when it is
   * this host's own.
   */
  openNetns(path: string): Promise<Netns>;
  /** Makes an empty network namespace that has this path, which must be free, and lives until it is removed, also without this process. */
  createNetns(path: string): Promise<void>;
  /** Takes such a namespace away; nothing happens where there is none. What is still in it goes as the kernel lets it go. */
  removeNetns(path: string): Promise<void>;
  /** Path of a network namespace by its {@link Netns.id}, where any process is in it; undefined where none is. */
  findNetns(id: string): Promise<string | undefined>;
  /** True when a device is there, whatever became of its link: `pci`, `0000:03:00.0`. */
  hasDevice(bus: string, device: string): Promise<boolean>;
  probeMove(): Promise<MoveAbilities>;
  /** Who this host is, and what of SR-IOV there is to know of a link. What cannot be read is empty or null; never rejects. */
  readMoveFacts(link: Link | null): Promise<MoveFacts>;

  /** Events from now on; returns what ends it. A listener that throws is a defect and is reported, never fatal. */
  subscribe(listener: (event: HostEvent) => void): () => void;
}
