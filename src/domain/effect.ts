import type { Failure } from '../errors.ts';
import type { Address } from './address.ts';
import type { Neighbour } from './neighbour.ts';
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
  /** Gratuitous ARP and unsolicited neighbour advertisements. */
  | { readonly op: 'announce'; readonly link: LinkRef; readonly addresses: readonly string[] }
  /** One transaction: the bridge (unless it exists) and the host port, marked as ours. */
  | {
      readonly op: 'ovs.host-port.create';
      readonly rows: OvsRows;
      readonly bridge: BridgeSpec;
      readonly hostPort: HostPortSpec | null;
    }
  /** One transaction: the uplink becomes a port of the bridge. */
  | { readonly op: 'ovs.uplink.attach'; readonly rows: OvsRows; readonly port: string }
  | { readonly op: 'ovs.uplink.detach'; readonly rows: OvsRows }
  /** Removes every row that carries the migration's mark, and nothing else. */
  | { readonly op: 'ovs.rows.remove'; readonly rows: OvsRows }
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
}

/** What became of an effect. `nextCfg`: what `cur_cfg` must reach before an OVSDB effect is applied. */
export type EffectResult =
  | { readonly ok: true; readonly nextCfg?: number }
  | { readonly ok: false; readonly failure: Failure };
