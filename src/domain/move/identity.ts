import type { Link } from '../link.ts';

/** What stays of a link wherever it is and whatever it is called: neither its name nor its ifindex does. */
export interface LinkIdentity {
  readonly kind: string | null;
  readonly mac: string | null;
  /** Burnt in; null where the driver has none (veth, tun). */
  readonly permanentMac: string | null;
  readonly parentBus: string | null;
  readonly parentDevice: string | null;
  /** Of the veth peer, as the link's own namespace counts; null for others. */
  readonly lower: number | null;
  readonly index: number;
}

/** Takes the identity of a link as it is at home. */
export function identify(link: Link): LinkIdentity {
  const { kind, mac, permanentMac, parentBus, parentDevice, lower, index } = link;
  return { kind, mac, permanentMac, parentBus, parentDevice, lower, index };
}

/**
 * True when this is the link, perhaps in another namespace, under another name, with another ifindex and MAC. Hardware is known by its bus address
 * and its permanent MAC: several ports may share one bus address. What has neither is known by its kind and peer, and by its MAC or ifindex.
 */
export function isSameLink(identity: LinkIdentity, link: Link): boolean {
  if (identity.kind !== link.kind) return false;
  if (identity.parentDevice !== null) {
    const isSameDevice = identity.parentDevice === link.parentDevice && identity.parentBus === link.parentBus;
    return isSameDevice && identity.permanentMac === link.permanentMac;
  }
  if (identity.permanentMac !== null) return identity.permanentMac === link.permanentMac;
  return identity.lower === link.lower && (identity.mac === link.mac || identity.index === link.index);
}

/** True where a driver says what it is, wherever it is. */
export function isHardware({ parentDevice, permanentMac }: LinkIdentity): boolean {
  return parentDevice !== null || permanentMac !== null;
}

/** The link among others; undefined where it is not, or where more than one could be it. */
export function findLink(identity: LinkIdentity, links: readonly Link[]): Link | undefined {
  const alike = links.filter(link => isSameLink(identity, link));
  if (alike.length < 2) return alike[0];
  const exact = alike.filter(link => link.mac === identity.mac && link.index === identity.index);
  return exact.length === 1 ? exact[0] : undefined;
}
