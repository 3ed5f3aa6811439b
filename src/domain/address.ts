/** An IPv4 or IPv6 address on a link (RTM_NEWADDR); plain JSON. Lists keep the kernel's dump order. */
export interface Address {
  readonly family: 4 | 6;
  readonly linkIndex: number;
  /** IFA_LOCAL (IPv4), IFA_LOCAL or IFA_ADDRESS (IPv6), in canonical text form. */
  readonly local: string;
  /** IFA_ADDRESS where it differs from {@link local}: the other end of a point-to-point address. */
  readonly peer: string | null;
  readonly prefixLength: number;
  readonly broadcast: string | null;
  /** IFA_LABEL; IPv4 only. */
  readonly label: string | null;
  /** RT_SCOPE_*: 0 universe, 200 site, 253 link, 254 host. */
  readonly scope: number;
  /** IFA_F_* bits, the 32-bit IFA_FLAGS. */
  readonly flags: number;
  /** IFA_RT_PRIORITY: metric of the prefix route; null where none was asked for. */
  readonly metric: number | null;
  /** IFA_PROTO; null where the kernel does not say. */
  readonly protocol: number | null;
  /** Seconds of validity left at the time of the dump; null for ever. */
  readonly validLifetimeS: number | null;
  readonly preferredLifetimeS: number | null;
}

export const IFA_F_SECONDARY = 0x01;
export const IFA_F_TEMPORARY = 0x01;
export const IFA_F_NODAD = 0x02;
export const IFA_F_OPTIMISTIC = 0x04;
export const IFA_F_DADFAILED = 0x08;
export const IFA_F_HOMEADDRESS = 0x10;
export const IFA_F_DEPRECATED = 0x20;
export const IFA_F_TENTATIVE = 0x40;
export const IFA_F_PERMANENT = 0x80;
export const IFA_F_MANAGETEMPADDR = 0x100;
export const IFA_F_NOPREFIXROUTE = 0x200;
export const IFA_F_MCAUTOJOIN = 0x400;
export const IFA_F_STABLE_PRIVACY = 0x800;

/** What `ip address add` makes of an address without options: for ever, scope universe. */
export function plainAddress(linkIndex: number, local: string, prefixLength: number): Address {
  return {
    family: local.includes(':') ? 6 : 4,
    linkIndex,
    local,
    peer: null,
    prefixLength,
    broadcast: null,
    label: null,
    scope: 0,
    flags: 0,
    metric: null,
    protocol: null,
    validLifetimeS: null,
    preferredLifetimeS: null,
  };
}

/** True for 169.254/16 and fe80::/10 addresses: those that a link makes for itself. */
export function isLinkLocal(address: Pick<Address, 'family' | 'local'>): boolean {
  return address.family === 6 ? /^fe[89ab]/i.test(address.local) : address.local.startsWith('169.254.');
}

/** `10.9.0.2/24`, or `10.9.0.2 peer 10.9.1.1/32`. */
export function formatAddress(address: Pick<Address, 'local' | 'peer' | 'prefixLength'>): string {
  const prefix = `/${address.prefixLength}`;
  return address.peer === null ? address.local + prefix : `${address.local} peer ${address.peer}${prefix}`;
}
