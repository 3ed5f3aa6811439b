import type { Failure } from '../errors.ts';
import type { Address } from './address.ts';
import type { Bond } from './bond.ts';
import type { Neighbour } from './neighbour.ts';
import type { DhcpClient, LinkDns, ManagerName } from './owners.ts';
import type { PortVlan } from './port-spec.ts';
import type { Route } from './route.ts';
import type { Rule } from './rule.ts';

/** A link by its ifindex; the name is there for people and for sysctl paths. */
export interface LinkRef {
  readonly index: number;
  readonly name: string;
}

/** The rows that one migration owns in OVSDB, and how they are marked. */
export interface OvsRows {
  /** Id of the migration; value of {@link MARK_ID}. */
  readonly id: string;
  /** The uplink's original name; value of {@link MARK_UPLINK}. */
  readonly uplink: string;
  readonly bridge: string;
}

/** What a manager of links must know to leave a migration alone. */
export interface OwnerRequest {
  readonly owner: ManagerName;
  /** The uplink as it is called now. */
  readonly link: LinkRef;
  readonly originalName: string;
  readonly hostPort: string | null;
  readonly bridge: string;
  /** The `.network` file of systemd-networkd that the uplink had, and its text; null where it had none. */
  readonly network: { readonly file: string; readonly text: string } | null;
  /** uuid of the profile of NetworkManager that was active, and is to be again; null for none that it would know. */
  readonly profile: string | null;
}

/** Where a link belongs, as `to` of `link.move`; every other is the path of a network namespace. */
export const HOME = 'home';

/** One change to the host, as plain data: what a journal, a trace and a scenario show, and what a host carries out. */
export type Effect =
  /** Live where the kernel can (6.2), else down, rename, up: what `down` flushed is put back by the step that follows. */
  | { readonly op: 'link.rename'; readonly link: LinkRef; readonly to: string }
  | {
      readonly op: 'link.set';
      readonly link: LinkRef;
      readonly up?: boolean;
      /** IFF_PROMISC as a program asked for it. */
      readonly promiscuous?: boolean;
      readonly mtu?: number;
      readonly mac?: string;
      readonly alias?: string;
      readonly group?: number;
      readonly txQueueLength?: number;
      /** ifindex of the link that it becomes a port of. */
      readonly master?: number;
    }
  /**
   * Into another network namespace in one message: under that name (null: its own), up again at once, with that ifindex. With a name, whoever watches
   * the namespace that it comes into sees the old one before; and a refusal may leave the link moved, under the name that it had, or where that is taken
   * there, under the new one (peers.md §9.3). Without one, a refusal leaves the link where it was.
   */
  | {
      readonly op: 'link.move';
      readonly link: LinkRef;
      readonly to: string;
      readonly name: string | null;
      readonly up?: true;
      readonly index?: number;
    }
  /** For a link that ovs-vswitchd left behind. */
  | { readonly op: 'link.delete'; readonly link: LinkRef }
  | { readonly op: 'altname.add'; readonly link: LinkRef; readonly altname: string }
  | { readonly op: 'altname.remove'; readonly link: LinkRef; readonly altname: string }
  /** `key` as in LinkSysctls, with `{link}` for the name. */
  | { readonly op: 'sysctl.write'; readonly link: LinkRef; readonly key: string; readonly value: string }
  | { readonly op: 'address.add'; readonly address: Address }
  /** Changes flags and lifetimes of an address that is there. */
  | { readonly op: 'address.replace'; readonly address: Address }
  | { readonly op: 'address.remove'; readonly address: Address }
  | { readonly op: 'route.add'; readonly route: Route }
  | { readonly op: 'route.append'; readonly route: Route }
  /** Stands before one with the same key (IPv4), or joins it as a further leg (IPv6). */
  | { readonly op: 'route.prepend'; readonly route: Route }
  | { readonly op: 'route.replace'; readonly route: Route }
  | { readonly op: 'route.remove'; readonly route: Route }
  | { readonly op: 'rule.add'; readonly rule: Rule }
  | { readonly op: 'rule.remove'; readonly rule: Rule }
  | { readonly op: 'neighbour.set'; readonly neighbour: Neighbour }
  | { readonly op: 'neighbour.remove'; readonly neighbour: Neighbour }
  /** Makes the kernel drop what arrives on the link, so that only the datapath answers (netdev datapath, F-48). */
  | { readonly op: 'ingress.mute'; readonly link: LinkRef }
  | { readonly op: 'ingress.unmute'; readonly link: LinkRef }
  /**
   * The kernel begins to hear `from` and ceases to hear `to`, in the same moment; with `drain` it hears both until the datapath has passed
   * on what it had taken in.
   */
  | { readonly op: 'ingress.hand-over'; readonly from: LinkRef; readonly to: LinkRef; readonly drain: boolean }
  /**
   * Prepares who manages the uplink for the migration: NetworkManager lets it go at once, systemd-networkd is told to leave the host port and the
   * bridge alone, which it would take for the uplink.
   */
  | ({ readonly op: 'owner.shield' } & OwnerRequest)
  /** Lets the manager forget the uplink, which has nothing any more: asked earlier it would delete what it had configured there. */
  | ({ readonly op: 'owner.release' } & OwnerRequest)
  /** Gives the uplink back to who managed it, and takes back what it was asked. */
  | ({ readonly op: 'owner.return' } & OwnerRequest)
  /** The client goes on with the same lease on another link; the lease is not released in between. */
  | { readonly op: 'dhcp.hand-over'; readonly client: DhcpClient; readonly from: LinkRef; readonly to: LinkRef }
  /** DNS settings of a link in systemd-resolved. */
  | { readonly op: 'dns.set'; readonly link: LinkRef; readonly dns: LinkDns }
  /** A drop-in for udev that keeps it from giving the uplink its old name back; it carries our mark. */
  | { readonly op: 'link-policy.write'; readonly path: string; readonly text: string }
  | { readonly op: 'link-policy.remove'; readonly path: string }
  /** Gratuitous ARP and unsolicited neighbour advertisements. */
  | { readonly op: 'announce'; readonly link: LinkRef; readonly addresses: readonly string[] }
  /** One transaction: the bridge (unless it exists) and the host port, marked as ours. */
  | {
      readonly op: 'ovs.host-port.create';
      readonly rows: OvsRows;
      readonly bridge: BridgeSpec;
      readonly hostPort: HostPortSpec | null;
    }
  /** One transaction: the uplink becomes a port of the bridge, with the members of its bond, which are at no moment ports of their own. */
  | {
      readonly op: 'ovs.uplink.attach';
      readonly rows: OvsRows;
      readonly port: string;
      readonly vlan?: PortVlan;
      readonly bond?: Bond;
    }
  /** Sets the VLANs of a port that carries the migration's mark, where somebody has changed them. */
  | { readonly op: 'ovs.port.configure'; readonly rows: OvsRows; readonly port: string; readonly vlan: PortVlan }
  | { readonly op: 'ovs.uplink.detach'; readonly rows: OvsRows }
  /** Removes every row that carries the migration's mark, and nothing else. */
  | { readonly op: 'ovs.rows.remove'; readonly rows: OvsRows }
  /**
   * Takes the key flow-restore-wait out of `Open_vSwitch.other_config` if it is still true, and no other key. Only on request: it belongs to who
   * restores flows.
   */
  | { readonly op: 'ovs.flow-restore-wait.clear' }
  /** Takes a vport out of the kernel datapath over generic netlink, for when ovs-vswitchd is dead. */
  | { readonly op: 'vport.delete'; readonly port: string };

export interface BridgeSpec {
  readonly name: string;
  /** False when the bridge is somebody else's and is only used. */
  readonly create: boolean;
  readonly datapathType: 'system' | 'netdev';
  /** `other_config:hwaddr`; null leaves the choice to ovs-vswitchd. */
  readonly hwaddr: string | null;
  readonly failMode: 'standalone';
}

export interface HostPortSpec {
  readonly name: string;
  /** The bridge's own port, which comes with the bridge. */
  readonly local: boolean;
  readonly mac: string;
  readonly mtu: number;
  /** Absent where nothing was asked for. */
  readonly vlan?: PortVlan;
}

/** Effects on those who manage links, which neither netlink nor OVSDB carries out. */
export type OwnerEffect = Extract<
  Effect,
  { op: `owner.${string}` | `dhcp.${string}` | `dns.${string}` | `link-policy.${string}` }
>;

/** True for an {@link OwnerEffect}. */
export function isOwnerEffect(effect: Effect): effect is OwnerEffect {
  return /^(owner|dhcp|dns|link-policy)\./.test(effect.op);
}

/** What became of an effect. `nextCfg`: what `cur_cfg` must reach before an OVSDB effect is applied. */
export type EffectResult =
  | { readonly ok: true; readonly nextCfg?: number }
  | { readonly ok: false; readonly failure: Failure };
