import type { Bond } from '../../../domain/bond.ts';
import type { HostFacts } from '../../../domain/host-facts.ts';
import type { KernelState } from '../../../domain/kernel-state.ts';
import type { Layout } from '../../../domain/layout.ts';
import type { OvsState } from '../../../domain/ovs-state.ts';
import type { LinkSysctls } from '../../../domain/snapshot.ts';
import type { OwnerHabits } from '../owners-model.ts';

/** A host as it stands before a migration; plain JSON, made from a description in YAML by `loadHost`. */
export interface HostDescription {
  readonly name: string;
  readonly description: string;
  readonly uplink: string;
  /** What a migration of this host asks for beside the layout. */
  readonly request: {
    readonly bridge: string;
    readonly datapath: 'system' | 'netdev' | null;
    readonly useExistingBridge: boolean;
    readonly clearFlowRestoreWait: boolean;
    readonly accept: readonly string[];
    readonly bond?: Bond;
  };
  /** Complete, as the kernel shows it: with lo, the kernel's own routes, link-local addresses and default rules. */
  readonly kernel: KernelState;
  /** By link name. */
  readonly sysctls: Readonly<Record<string, LinkSysctls>>;
  /** conf.default: what a new link begins with. */
  readonly defaultSysctls: LinkSysctls;
  /** The kernel renames links that are up (6.2 and later). */
  readonly liveRename: boolean;
  readonly ovs: DescribedOvs;
  /** The database as a client sees it. */
  readonly ovsState: OvsState;
  readonly facts: HostFacts;
  readonly ownerHabits: OwnerHabits;
  readonly gateways: readonly DescribedGateway[];
  readonly udev: readonly UdevAltname[];
  /** Codes of all blocking findings of the pre-check, for each layout that it refuses. */
  readonly refuses: Readonly<Partial<Record<Layout, readonly string[]>>>;
}

/** Open vSwitch in short. Links of its bridges are in the kernel state. */
export interface DescribedOvs {
  readonly version: string;
  /** Types that ovs-vswitchd offers; it says `system` also where the module is missing. */
  readonly datapathTypes: readonly ('netdev' | 'system')[];
  readonly flowRestoreWait: boolean;
  /** From a commit to its being applied. */
  readonly applyDelayMs: number;
  readonly bridges: readonly DescribedBridge[];
}

/** A bridge that somebody else has made. */
export interface DescribedBridge {
  readonly name: string;
  readonly datapathType: 'netdev' | 'system';
  readonly failMode: 'standalone' | 'secure' | null;
  readonly controllers: number;
  readonly mac: string;
  readonly externalIds: Readonly<Record<string, string>>;
  readonly otherConfig: Readonly<Record<string, string>>;
  /** Without the local port. */
  readonly ports: readonly DescribedPort[];
}

/** A port of it with one interface. */
export interface DescribedPort {
  readonly name: string;
  /** Type of the only interface: empty for a link that is there, `internal` for one that Open vSwitch makes. */
  readonly type: string;
  readonly externalIds: Readonly<Record<string, string>>;
}

/** A neighbour on the wire of a link, for probes. */
export interface DescribedGateway {
  readonly address: string;
  /** The link (by its first name) whose wire it is on. */
  readonly link: string;
  readonly mac: string;
  readonly answers: boolean;
}

/** An altname that udev gives to a link after each rename of it. */
export interface UdevAltname {
  /** The link by its first name. */
  readonly link: string;
  readonly altname: string;
  /** One try after each of these delays. */
  readonly afterMs: readonly number[];
}
