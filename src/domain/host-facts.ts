import type { OwnerFacts } from './owners.ts';
import type { UdevFacts } from './udev/udev-facts.ts';

/** Who this host is; a journal of another boot, host or namespace is not resumed blindly. */
export interface HostIdentity {
  /** /proc/sys/kernel/random/boot_id */
  readonly bootId: string;
  /** /etc/machine-id; empty where there is none. */
  readonly machineId: string;
  /** Inode of the network namespace. */
  readonly netns: string;
  readonly kernelRelease: string;
}

/** Facts outside netlink and OVSDB that the pre-checks need; each null where it could not be read. */
export interface HostFacts {
  readonly identity: HostIdentity;
  /** Mounts over the network: F-107. */
  readonly networkMounts: readonly { readonly source: string; readonly target: string; readonly type: string }[];
  /** udev `.link` files in force, highest priority first: F-14. */
  readonly linkFiles: readonly { readonly path: string; readonly text: string }[];
  /** /proc/net/bonding/<name> mode number of a bond; null for other links: F-99. */
  readonly bondMode: number | null;
  /** True when nf_tables can hook a netdev ingress (needed with the netdev datapath: F-48). */
  readonly canMuteIngress: boolean;
  /** True when the kernel module openvswitch is there: ovs-vswitchd offers the type `system` either way. */
  readonly hasKernelDatapath: boolean;
  /** /proc/cmdline: `net.ifnames=0` switches udev's names off. Empty where it cannot be read. */
  readonly kernelCommandLine: string;
  /** What udev has written down of the uplink: which .link file is in force, which names it makes of the hardware. */
  readonly udev: UdevFacts;
  /** Who else manages the uplink: F-75 to F-93. */
  readonly owners: OwnerFacts;
}
