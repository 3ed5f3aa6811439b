import { IFF_LOOPBACK, IFF_PROMISC, IFF_UP, type Link } from '../../../domain/link.ts';
import { DATAPATH_LINK, drawMac, linkAt, lookUp, type OvsKernel } from './ovs-kernel.ts';

/** How ovs-vswitchd opens a device: `tap` makes it, `internal` has the kernel datapath make it, `system` takes what is there. */
export type NetdevClass = 'tap' | 'internal' | 'system';

/**
 * A device as ovs-vswitchd (lib/netdev-linux.c) has it open. It knows it by its name: what the kernel tells of a link of that name goes into the
 * cache, and what it sets goes to whatever link has that name by then (SIOCSIFFLAGS), while packets go through the link that was opened.
 */
export interface Netdev {
  readonly name: string;
  readonly class: NetdevClass;
  readonly datapath: 'netdev' | 'system';
  /** The link that was opened. */
  readonly linkIndex: number;
  /** What the kernel last told of the name; undefined when that was its removal. */
  cache: { readonly index: number; readonly mac: string | null; readonly mtu: number } | undefined;
  /** Flags as last told: written back by name, however old they are. */
  flags: number;
  /** It was us who turned IFF_PROMISC on; that of a predecessor that was killed stays. */
  hasTurnedOnPromisc: boolean;
  /** `mtu_request` is set: the rule of the smallest MTU leaves it alone. */
  isMtuRequested: boolean;
  /** Something changed since the MTU rule last looked. */
  isChanged: boolean;
}

/** Opens and closes the devices of one ovs-vswitchd. */
export interface Netdevs {
  /** Opens a device for a port; a text is the error as `Interface.error` has it. */
  open(name: string, deviceClass: NetdevClass, datapath: 'netdev' | 'system'): Netdev | string;
  /** Closes it: flags that were turned on are turned off by name, a tap or vport goes. */
  close(netdev: Netdev): void;
  /** Turns off by name what it turned on. */
  restoreFlags(netdev: Netdev): void;
  /** What is left of an open tap when the process dies: it persists, without its carrier. */
  abandon(netdev: Netdev): void;
  /** True while the datapath still has the port: a vport goes with its link, the userspace datapath notices nothing. */
  isInDatapath(netdev: Netdev): boolean;
  /** Looks by name at a device that was gone when it was last heard of. */
  lookAgain(netdev: Netdev): void;
  setMac(netdev: Netdev, mac: string): void;
  setMtu(netdev: Netdev, mtu: number): void;
}

const DEFAULT_MTU = 1500;

/** Makes the opener. `drawNumber` counts the MACs that are drawn. */
export function createNetdevs(kernel: OvsKernel, drawNumber: () => number): Netdevs {
  function openTap(name: string): number | string {
    const there = lookUp(kernel, name);
    if (there !== undefined) {
      // TUNSETIFF: a tap that a killed ovs-vswitchd left behind is taken over, anything else is in the way.
      if (there.kind !== 'tun' || there.name !== name) return couldNotOpen(name, 'Invalid argument');
      if (there.carrier === true) return couldNotOpen(name, 'Device or resource busy');
      kernel.updateLink(there.index, { carrier: true });
      return there.index;
    }
    const made = kernel.addLink({
      name,
      kind: 'tun',
      mac: drawMac(drawNumber()),
      mtu: DEFAULT_MTU,
      carrier: true,
    });
    return 'code' in made ? couldNotOpen(name, 'Invalid argument') : made.index;
  }

  function openInternal(name: string): number | string {
    const there = lookUp(kernel, name);
    // A vport outlives ovs-vswitchd; the next one finds it in the datapath.
    if (there?.kind === 'openvswitch' && there.name === name) return there.index;
    if (there !== undefined) return couldNotAdd(name, 'File exists');
    const made = kernel.addLink({
      name,
      kind: 'openvswitch',
      mac: drawMac(drawNumber()),
      mtu: DEFAULT_MTU,
      carrier: true,
    });
    return 'code' in made ? couldNotAdd(name, 'File exists') : made.index;
  }

  function openSystem(name: string, datapath: 'netdev' | 'system'): number | string {
    const link = lookUp(kernel, name);
    if (link === undefined) return couldNotOpen(name, 'No such device');
    if (datapath === 'netdev' || isVport(kernel, link)) return link.index;
    const master = lookUp(kernel, DATAPATH_LINK.system);
    if (master === undefined) return couldNotAdd(name, 'No such device');
    // Loopback and links that the datapath itself made cannot be its ports (ovs_netdev_link).
    if ((link.flags & IFF_LOOPBACK) !== 0 || link.kind === 'openvswitch') return couldNotAdd(name, 'Invalid argument');
    if (!kernel.setMaster(link.index, master.index).ok) return couldNotAdd(name, 'Device or resource busy');
    const promiscuity = (linkAt(kernel, link.index)?.promiscuity ?? 0) + 1;
    kernel.updateLink(link.index, { promiscuity });
    return link.index;
  }

  /** SIOCSIFFLAGS: all flags, to the link that answers to the name now. */
  function setFlags(name: string, flags: number): void {
    const link = lookUp(kernel, name);
    if (link === undefined) return;
    if (((link.flags ^ flags) & IFF_PROMISC) !== 0) {
      const isOn = (flags & IFF_PROMISC) !== 0;
      kernel.updateLink(link.index, {
        flags: isOn ? link.flags | IFF_PROMISC : link.flags & ~IFF_PROMISC,
        promiscuity: Math.max(0, link.promiscuity + (isOn ? 1 : -1)),
      });
    }
    if (((link.flags ^ flags) & IFF_UP) !== 0) {
      kernel.apply({ op: 'link.set', link: { index: link.index, name: link.name }, up: (flags & IFF_UP) !== 0 });
    }
  }

  function updateFlags(netdev: Netdev, flags: number): void {
    if (flags === netdev.flags) return;
    setFlags(netdev.name, flags);
    netdev.flags = lookUp(kernel, netdev.name)?.flags ?? flags;
  }

  function change(netdev: Netdev, set: { readonly mac?: string; readonly mtu?: number }): void {
    const link = lookUp(kernel, netdev.name);
    if (link === undefined) return;
    const done = kernel.apply({ op: 'link.set', link: { index: link.index, name: link.name }, ...set });
    if (done.ok && netdev.cache !== undefined) netdev.cache = { ...netdev.cache, ...set };
  }

  const netdevs: Netdevs = {
    open(name, deviceClass, datapath) {
      const opened =
        deviceClass === 'tap'
          ? openTap(name)
          : deviceClass === 'internal'
            ? openInternal(name)
            : openSystem(name, datapath);
      if (typeof opened === 'string') return opened;
      const netdev: Netdev = {
        name,
        class: deviceClass,
        datapath,
        linkIndex: opened,
        cache: undefined,
        flags: 0,
        hasTurnedOnPromisc: false,
        isMtuRequested: false,
        isChanged: true,
      };
      const link = lookUp(kernel, name);
      netdev.cache = cacheOf(link);
      netdev.flags = link?.flags ?? 0;
      if (datapath === 'netdev' && (netdev.flags & IFF_PROMISC) === 0) {
        updateFlags(netdev, netdev.flags | IFF_PROMISC);
        netdev.hasTurnedOnPromisc = true;
      }
      return netdev;
    },
    close(netdev) {
      netdevs.restoreFlags(netdev);
      const link = linkAt(kernel, netdev.linkIndex);
      if (link === undefined) return;
      if (netdev.class === 'tap' && link.kind === 'tun') kernel.removeLink(link.index);
      else if (netdev.datapath === 'system') deleteVport(kernel, link);
    },
    restoreFlags(netdev) {
      if (netdev.hasTurnedOnPromisc) updateFlags(netdev, netdev.flags & ~IFF_PROMISC);
    },
    abandon(netdev) {
      const link = linkAt(kernel, netdev.linkIndex);
      if (link?.kind === 'tun') kernel.updateLink(link.index, { carrier: false });
    },
    isInDatapath(netdev) {
      if (netdev.datapath === 'netdev') return true;
      const link = linkAt(kernel, netdev.linkIndex);
      return link !== undefined && isVport(kernel, link);
    },
    lookAgain(netdev) {
      if (netdev.cache === undefined) netdev.cache = cacheOf(lookUp(kernel, netdev.name));
    },
    setMac(netdev, mac) {
      // That the name was gone is remembered as the answer to everything, until somebody looks again.
      if (netdev.cache === undefined || netdev.cache.mac === mac) return;
      // A tap is taken down for it, and up again, by what is known of its flags (netdev_linux_set_etheraddr): its routes go.
      const isTakenDown = netdev.class === 'tap' && (netdev.flags & IFF_UP) !== 0;
      if (isTakenDown) updateFlags(netdev, netdev.flags & ~IFF_UP);
      change(netdev, { mac });
      if (isTakenDown) updateFlags(netdev, netdev.flags | IFF_UP);
    },
    setMtu(netdev, mtu) {
      if (netdev.cache !== undefined && netdev.cache.mtu !== mtu) change(netdev, { mtu });
    },
  };
  return netdevs;
}

/** What ovs-vswitchd keeps of a link. */
export function cacheOf(link: Link | undefined): Netdev['cache'] {
  return link === undefined ? undefined : { index: link.index, mac: link.mac, mtu: link.mtu };
}

/** True when the link is a port of the kernel datapath: one that it made, or one that it has taken. */
export function isVport(kernel: OvsKernel, link: Link): boolean {
  if (link.name === DATAPATH_LINK.system) return false;
  if (link.kind === 'openvswitch') return true;
  return link.master !== null && link.master === lookUp(kernel, DATAPATH_LINK.system)?.index;
}

/** Takes a port out of the kernel datapath: a link that it made goes, one that it has taken is given back. */
export function deleteVport(kernel: OvsKernel, link: Link): void {
  if (!isVport(kernel, link)) return;
  if (link.kind === 'openvswitch') {
    kernel.removeLink(link.index);
    return;
  }
  kernel.setMaster(link.index, null);
  kernel.updateLink(link.index, { promiscuity: Math.max(0, link.promiscuity - 1) });
}

function couldNotOpen(name: string, why: string): string {
  return `could not open network device ${name} (${why})`;
}

function couldNotAdd(name: string, why: string): string {
  return `could not add network device ${name} to ofproto (${why})`;
}
